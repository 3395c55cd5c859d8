from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "shuangjian.files"
    label = "files"
    verbose_name = "文件"
