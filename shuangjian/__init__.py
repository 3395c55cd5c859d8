"""The 双减 compliance portal.

Imports nothing on purpose: bin/demo and bin/test import shuangjian.local with the machine's bare Python, before Django
or Celery are installed.
"""
