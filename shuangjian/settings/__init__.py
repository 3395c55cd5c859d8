"""Settings: base, and dev, test, prod on top of it. Choose by DJANGO_SETTINGS_MODULE."""
