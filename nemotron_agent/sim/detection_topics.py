"""What the robot sees: `detections` in words, and `detections_3d` where vision_msgs is there."""

import importlib
import math
import threading
from typing import Any

from std_msgs.msg import String

from nemotron_agent.sim.live_simulation import LiveSimulation
from nemotron_agent.sim.qos import LATCHED
from nemotron_agent.sim.sighting import Sighting, in_words

try:
    vision_msgs: Any = importlib.import_module('vision_msgs.msg')
except ImportError:
    vision_msgs = None


class DetectionTopics:
    """Publishes what is in sight."""

    def __init__(self, node: Any, live: LiveSimulation) -> None:
        self._node = node
        self._live = live
        self._lock = threading.Lock()
        self._words = node.create_publisher(String, 'detections', LATCHED)
        self._boxes = None
        if vision_msgs is None:
            node.get_logger().info('no detections_3d: the package vision_msgs is not there')
        else:
            self._boxes = node.create_publisher(vision_msgs.Detection3DArray, 'detections_3d', 10)

    def publish(self) -> None:
        """Publish what is in sight now; from any thread, older never after newer."""
        with self._lock:
            with self._live.use() as simulation:
                sightings = simulation.sightings()
                widths = {name: thing.width for name, thing in simulation.world.objects.items()}
            self._words.publish(String(data=in_words(sightings)))
            if self._boxes is not None:
                self._boxes.publish(self._array(sightings, widths))

    def _array(self, sightings: list[Sighting], widths: dict[str, float]) -> Any:
        array = vision_msgs.Detection3DArray()
        array.header.stamp = self._node.get_clock().now().to_msg()
        array.header.frame_id = 'base_link'
        array.detections = [
            self._detection(each, widths[each.name], array.header) for each in sightings
        ]
        return array

    def _detection(self, sighting: Sighting, width: float, header: Any) -> Any:
        detection = vision_msgs.Detection3D(header=header, id=sighting.name)
        center = detection.bbox.center
        center.position.x = sighting.distance * math.cos(sighting.bearing)
        center.position.y = sighting.distance * math.sin(sighting.bearing)
        size = detection.bbox.size
        size.x = size.y = size.z = width
        result = vision_msgs.ObjectHypothesisWithPose()
        result.hypothesis.class_id = sighting.name
        result.hypothesis.score = 1.0
        result.pose.pose = center
        detection.results = [result]
        return detection
