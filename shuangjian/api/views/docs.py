"""The OpenAPI description and its Swagger UI; both open without a token."""

from __future__ import annotations

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1 of ``/api/v1/``."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs):  # type: ignore[no-untyped-def]
        return super().get(request, *args, **kwargs)


# The page has a style element of its own and Swagger UI writes more; scripts stay limited to our own files.
@method_decorator(csp_update({"style-src": ["'self'", "'unsafe-inline'"]}), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from the sidecar, its start script as a file of its own."""

    authentication_classes = ()
    permission_classes = ()
    url_name = "api:schema"
    title = "番禺区双减工作监管平台 API"
