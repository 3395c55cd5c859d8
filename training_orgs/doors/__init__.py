"""The doors of people: workbooks and single forms, over the one path of rows."""
