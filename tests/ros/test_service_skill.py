import threading
from collections.abc import Iterator

import pytest
from rclpy.callback_groups import ReentrantCallbackGroup
from std_srvs.srv import SetBool

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.tool import CallContext, Outcome, RequestState
from nemotron_agent.ros.ros_skill import BoundSkill
from nemotron_agent.ros.service_skill import ServiceSkill, SharedServiceClient
from nemotron_agent.ros.waiting import WaitLimits
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.request_template import RequestTemplate
from nemotron_agent.testing.ros_domain import RosDomain, wait_for

from .skill_manifests import PLACES, manifest_of

pytestmark = pytest.mark.ros

LIGHT = """\
  - id: light
    description: Switch the light.
    interface: service
    datatype: std_srvs/srv/SetBool
    default_interface_path: set_light
    parameters:
      in:
        - {name: bright, type: boolean, required: true}
    request:
      data: {argument: bright}
    timeout_sec: 10
"""


class Light:
    """A service that answers at once, or once released."""

    def __init__(self, node) -> None:
        self.requests: list[bool] = []
        self.response = SetBool.Response(success=True, message='lit')
        self.asked = threading.Event()
        self.released = threading.Event()
        self.released.set()
        self.service = node.create_service(
            SetBool, 'set_light', self._answer, callback_group=ReentrantCallbackGroup()
        )

    def _answer(self, request, response):
        self.requests.append(request.data)
        self.asked.set()
        self.released.wait(30)
        return self.response


def light_skill(node, server_sec: float) -> ServiceSkill:
    skill = manifest_of(LIGHT).skills[0]
    bound = BoundSkill(skill, tool_spec(skill, PLACES), RequestTemplate(skill, PLACES))
    client = SharedServiceClient(node, SetBool, 'set_light')
    limits = WaitLimits(server_sec, cancel_sec=0.5, absence_sec=0.3)
    return ServiceSkill(bound, SetBool, client, limits)


@pytest.fixture
def light(ros_domain: RosDomain) -> Iterator[Light]:
    light = Light(ros_domain.make_node('server'))
    yield light
    light.released.set()


@pytest.fixture
def skill(ros_domain: RosDomain) -> Iterator[ServiceSkill]:
    skill = light_skill(ros_domain.make_node('client'), server_sec=5.0)
    yield skill
    skill.close()
    skill.close()


def run_in_thread(skill: ServiceSkill, context: CallContext):
    results = []
    thread = threading.Thread(target=lambda: results.append(skill.run({'bright': True}, context)))
    thread.start()

    def result():
        thread.join(timeout=30)
        return results[0].outcome, results[0].text

    result.whole = lambda: results[0]
    return result


def ends_of(result):
    """Have a list grow when the end of a run is known that ended UNKNOWN."""
    ends = []
    result.tell_end(lambda *end: ends.append(end))
    return ends


def test_success(skill, light):
    states = []
    result = skill.run({'bright': True}, CallContext('id', on_state=states.append))
    assert (result.outcome, result.text) == (Outcome.SUCCEEDED, 'light is done.')
    assert result.data == {'success': True, 'message': 'lit'}
    assert light.requests == [True]
    assert states == [RequestState.SENT]


def test_a_service_that_reports_no_success(skill, light):
    light.response = SetBool.Response(success=False, message='the bulb is broken')
    result = skill.run({'bright': False}, CallContext('id'))
    assert (result.outcome, result.text) == (
        Outcome.ABORTED,
        'light failed: the bulb is broken.',
    )


def test_no_server(ros_domain):
    skill = light_skill(ros_domain.make_node('client'), server_sec=0.1)
    result = skill.run({'bright': True}, CallContext('id'))
    assert (result.outcome, result.text) == (
        Outcome.UNAVAILABLE,
        'light cannot be used now: nothing serves the service /set_light.',
    )


def test_cancel_while_there_is_no_server(skill):
    cancel = CancelToken()
    result = run_in_thread(skill, CallContext('id', cancel))
    cancel.cancel()
    assert result() == (Outcome.CANCELED, 'light was canceled before it started.')


def test_nothing_is_called_once_the_run_was_told_to_end(skill, light):
    cancel = CancelToken()
    context = CallContext('id', cancel, on_state=lambda state: cancel.cancel())
    result = skill.run({'bright': True}, context)
    assert (result.outcome, result.text) == (
        Outcome.CANCELED,
        'light was canceled before it started.',
    )
    skill.run({'bright': False}, CallContext('id'))
    assert light.requests == [False]


def test_arguments_that_do_not_fit(skill, light):
    result = skill.run({'bright': 'yes'}, CallContext('id'))
    assert (result.outcome, result.text) == (
        Outcome.INVALID,
        "light was not started. data: needs true or false, not 'yes'.",
    )
    assert light.requests == []


def test_timeout(skill, light):
    light.released.clear()
    result = skill.run({'bright': True}, CallContext('id', timeout_sec=0.3))
    assert (result.outcome, result.text) == (
        Outcome.UNKNOWN,
        'light was not answered in time: the robot may still be doing it.',
    )
    ends = ends_of(result)
    light.released.set()
    wait_for(lambda: ends)
    assert ends == [(RequestState.SUCCEEDED, 'Known at last: it is done.')]
    assert skill.run({'bright': True}, CallContext('id')).outcome is Outcome.SUCCEEDED


def test_cancel(skill, light):
    light.released.clear()
    cancel = CancelToken()
    result = run_in_thread(skill, CallContext('id', cancel))
    assert light.asked.wait(10)
    cancel.cancel()
    assert result() == (
        Outcome.UNKNOWN,
        'light was canceled, and was not answered in 0.5 s: the robot may still be doing it.',
    )
    ends = ends_of(result.whole())
    light.response = SetBool.Response(success=False, message='the bulb is broken')
    light.released.set()
    wait_for(lambda: ends)
    assert ends == [(RequestState.ABORTED, 'Known at last: it failed: the bulb is broken.')]


def test_an_answer_soon_after_a_cancel_is_an_answer(ros_domain, light):
    skill = light_skill(ros_domain.make_node('client'), server_sec=5.0)
    light.released.clear()
    cancel, states = CancelToken(), []
    result = run_in_thread(skill, CallContext('id', cancel, on_state=states.append))
    assert light.asked.wait(10)
    cancel.on_cancel(light.released.set)
    cancel.cancel()
    assert result() == (Outcome.SUCCEEDED, 'light is done.')
    skill.close()


def test_a_server_that_vanishes(ros_domain, skill):
    node = ros_domain.make_node('server')
    light = Light(node)
    light.released.clear()
    result = run_in_thread(skill, CallContext('id'))
    assert light.asked.wait(10)
    node.destroy_service(light.service)
    assert result() == (
        Outcome.UNKNOWN,
        'light was not answered, its server went away: the robot may still be doing it.',
    )
    light.released.set()


def test_two_calls_at_once(skill, light):
    light.released.clear()
    first = run_in_thread(skill, CallContext('1'))
    second = run_in_thread(skill, CallContext('2'))
    wait_for(lambda: len(light.requests) == 2)
    light.released.set()
    assert first()[0] is Outcome.SUCCEEDED
    assert second()[0] is Outcome.SUCCEEDED
