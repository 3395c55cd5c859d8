"""What people found: observations (线索, 查实, 未查实), and the complaints that they often begin with."""
