"""What stands between a call and the robot."""
