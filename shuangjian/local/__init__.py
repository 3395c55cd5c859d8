"""What runs the portal on one machine: installation, embedded PostgreSQL and Valkey, the supervisor behind bin/demo.

Holds for every module here: only the standard library is imported (bin/demo and bin/test load them with the machine's
bare Python before anything is installed), and nothing of the portal itself.
"""
