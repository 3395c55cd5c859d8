# The portal's image: web, worker, beat and the one-shot migration run from it (docker-compose.yml).
FROM node:24-slim AS browser-code
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=shuangjian.settings.prod
WORKDIR /srv/portal
COPY requirements-prod.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-prod.lock
COPY . .
# Static files are named by their content and compressed once, here. The values only let the settings load: the
# running containers get theirs from the environment. /srv/beat is where beat notes when each job last ran,
# /srv/media where files are kept that people send: a volume that is mounted there takes over its owner.
RUN --mount=from=browser-code,source=/build/node_modules,target=/node_modules \
    python -m shuangjian.local.assets /node_modules \
 && DJANGO_SECRET_KEY=build IDENTITY_KEY=build ALLOWED_HOSTS=build DATABASE_URL=postgres://build@build/build REDIS_URL=redis://build/0 \
    python manage.py collectstatic --noinput --verbosity 0 \
 && useradd --system --no-create-home portal \
 && install --directory --owner portal /srv/beat /srv/media
USER portal
EXPOSE 8000
CMD ["gunicorn", "shuangjian.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "4", "--preload", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", \
     "--access-logfile", "-"]
