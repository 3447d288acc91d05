"""What the robot knows of itself and of its surroundings. Knows no ROS."""
