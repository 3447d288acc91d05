"""Binds the skills of a manifest to the robot's interfaces."""

import dataclasses
from typing import Any

from nemotron_agent.ros.action_request_publisher import ACTION_REQUESTS
from nemotron_agent.ros.action_skill import ActionSkill
from nemotron_agent.ros.goal_client import GoalClient
from nemotron_agent.ros.interface_schema import complete_inputs, load_type, request_class
from nemotron_agent.ros.late_ends import LateEnds
from nemotron_agent.ros.open_requests import OpenRequests
from nemotron_agent.ros.request_skill import RequestSkill
from nemotron_agent.ros.ros_skill import BoundSkill
from nemotron_agent.ros.service_skill import ServiceSkill, SharedServiceClient
from nemotron_agent.ros.skill_fit import check_fit
from nemotron_agent.ros.topic_skill import PublishSkill, ReadSkill
from nemotron_agent.ros.waiting import WaitLimits
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.manifest import Manifest
from nemotron_agent.skills.places import Places
from nemotron_agent.skills.request_template import RequestTemplate
from nemotron_agent.skills.skill import Skill

RosTool = ActionSkill | ServiceSkill | PublishSkill | ReadSkill | RequestSkill


@dataclasses.dataclass(frozen=True)
class SkillTools:
    """The tools of a manifest, in its order; they own ROS clients until `close`."""

    tools: tuple[RosTool, ...]

    def close(self) -> None:
        """Destroy all clients, publishers and subscriptions; may be called twice."""
        for tool in self.tools:
            tool.close()


def load_skill_tools(
    node: Any,
    manifest: Manifest,
    places: Places,
    limits: WaitLimits = WaitLimits(),  # noqa: B008 (frozen)
    requests: OpenRequests | None = None,
) -> SkillTools:
    """Make the tools of a manifest, with one client for each interface.

    Servers need not be there yet: a run waits for its own, as long as `limits` say. `requests` are
    those that other nodes carry out.

    Raises:
        DocumentError: a type is not installed, or lacks a field that the manifest names. Nothing
            is left on the node then.
    """
    bindings = [_bind(manifest, skill, places) for skill in manifest.skills]
    late_ends = LateEnds()
    requests = requests or OpenRequests()
    clients: dict[tuple[str, str], Any] = {}
    tools: list[RosTool] = []
    for bound, interface in bindings:
        try:
            tools.append(_make(node, bound, interface, limits, late_ends, requests, clients))
        except Exception as error:  # rclpy raises many kinds for a name it does not take
            SkillTools(tuple(tools)).close()
            raise manifest.error(
                bound.skill, ('default_interface_path',), f'ROS refuses it ({error})', 'correct it'
            ) from error
    return SkillTools(tuple(tools))


def _bind(manifest: Manifest, skill: Skill, places: Places) -> tuple[BoundSkill, Any]:
    interface = load_type(manifest, skill)
    inputs = complete_inputs(manifest, skill)
    template = RequestTemplate(skill, places, inputs)
    check_fit(manifest, skill, interface, inputs, template, places)
    return BoundSkill(skill, tool_spec(skill, places, inputs), template), interface


def _make(
    node: Any,
    bound: BoundSkill,
    interface: Any,
    limits: WaitLimits,
    late_ends: LateEnds,
    requests: OpenRequests,
    clients: dict[tuple[str, str], Any],
) -> RosTool:
    skill = bound.skill
    if skill.dispatch == 'request':
        is_service = skill.interface == 'service'
        resolve = node.resolve_service_name if is_service else node.resolve_topic_name
        return RequestSkill(
            bound,
            request_class(skill, interface),
            resolve(skill.interface_path),
            requests,
            lambda: node.count_subscribers(ACTION_REQUESTS) > 0,
            limits,
            late_ends,
        )
    if skill.interface == 'topic':
        kind = ReadSkill if skill.reads else PublishSkill
        return kind(bound, interface, node, limits)
    key = (skill.datatype, skill.interface_path)
    if skill.interface == 'action':
        if key not in clients:
            clients[key] = GoalClient(node, interface, skill.interface_path)
        return ActionSkill(bound, interface, clients[key], limits, late_ends)
    if key not in clients:
        clients[key] = SharedServiceClient(node, interface, skill.interface_path)
    return ServiceSkill(bound, interface, clients[key], limits, late_ends)
