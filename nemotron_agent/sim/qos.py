"""Qualities of service that the robot's topics have."""

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

# Whoever subscribes gets the last message at once.
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
