"""Quality of service of `~/execute_task`'s feedback."""

from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy

# An answer comes in many pieces, and rclpy's default of 10 loses some of a quick one.
FEEDBACK_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1000, reliability=ReliabilityPolicy.RELIABLE
)
