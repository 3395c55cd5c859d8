"""Workbooks in and out: uploads are judged before they are read (``reading``), templates and exports hold no live
formula (``writing``, ``csv``). No models and nothing of the portal above."""
