"""`nemotron-agent memory`: what a model will need, and whether it fits."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from nemotron_agent.llm.engine_parameters import KV_TYPES

if TYPE_CHECKING:
    from nemotron_agent.llm.memory_budget import MemoryBudget
    from nemotron_agent.llm.memory_settings import Conditions, Machine
    from nemotron_agent.llm.model_shape import ModelShape

EPILOG = """\
Without a device it plans for this machine and what it has available now. A model of the catalogue
needs no file. docs/memory.md explains the parts and the devices.

examples:
  nemotron-agent memory                                        the node's defaults, here
  nemotron-agent memory --device orin-nano-8gb                 on a robot that is elsewhere
  nemotron-agent memory --device orin-nano-4gb --n-ctx 0 --snapshot-slots -1 --kv-type auto
                                                               what would be chosen there
  nemotron-agent memory --model ./other.gguf --budget 3GiB     another file, a budget of one's own

Exit status: 0 it fits, 1 it does not, 2 an error.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'memory',
        help='plan the memory of a model, before it is loaded',
        description='Plan the memory of a model from its header, and say whether it fits.',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--model', default='nemotron-3-nano-4b', help='name, or a GGUF file (%(default)s)'
    )
    parser.add_argument('--device', help='a device of config/devices.yaml instead of this machine')
    parser.add_argument(
        '--n-ctx', type=int, default=8192, help='tokens of context; 0 chooses (%(default)s)'
    )
    parser.add_argument(
        '--snapshot-slots', type=int, default=4, help='states to keep; -1 chooses (%(default)s)'
    )
    parser.add_argument(
        '--kv-type',
        choices=('auto', *KV_TYPES),
        default='f16',
        help='type of the KV cache; auto chooses (%(default)s)',
    )
    parser.add_argument(
        '--n-ubatch', type=int, default=0, help='tokens at once; 0 chooses (%(default)s)'
    )
    parser.add_argument(
        '--n-gpu-layers', type=int, default=-1, help='layers on the GPU; -1 is all (%(default)s)'
    )
    parser.add_argument(
        '--budget', default='auto', help='3GiB, 60%% or auto: what is available (%(default)s)'
    )
    parser.add_argument(
        '--reserve-mb', type=int, default=512, help='to leave to others [MB] (%(default)s)'
    )
    parser.add_argument('--json', action='store_true', help='print a JSON object')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the plan; return 1 if it does not fit."""
    from rich.console import Console

    from nemotron_agent.llm.memory_check import least_plan
    from nemotron_agent.llm.memory_choice import alternatives, choose
    from nemotron_agent.llm.memory_report import alternatives_table, plan_record, plan_table
    from nemotron_agent.llm.model_loading import ModelParameters, memory_wish

    parameters = ModelParameters(
        args.model,
        n_ctx=args.n_ctx,
        snapshot_slots=args.snapshot_slots,
        kv_type=args.kv_type,
        n_ubatch=args.n_ubatch,
        n_gpu_layers=args.n_gpu_layers,
    )
    shape, wish = _shape(args.model), memory_wish(parameters)
    conditions, budget = _elsewhere(args) if args.device else _here(args)
    plan = choose(shape, wish, conditions, budget)
    fits = plan is not None
    plan = plan or least_plan(shape, wish, conditions)
    others = [] if fits else alternatives(shape, wish, conditions, budget)
    if args.json:
        record = {
            'model': args.model,
            'device': args.device,
            'fits': fits,
            'budget_bytes': budget.bytes,
            'budget_source': budget.source,
            'plan': plan_record(plan),
            'would_fit': [plan_record(other) for other in others],
        }
        print(json.dumps(record, indent=2))
        return 0 if fits else 1
    console = Console()
    console.print(plan_table(plan, budget))
    if not fits:
        console.print('[bold]it does not fit[/bold]')
        console.print(alternatives_table(others) if others else 'no settings fit')
    return 0 if fits else 1


def _shape(model: str) -> 'ModelShape':
    from nemotron_agent.llm.known_shape import find_model_shape

    return find_model_shape(model)


def _here(args: argparse.Namespace) -> 'tuple[Conditions, MemoryBudget]':
    """Plan for a node on this machine."""
    from nemotron_agent.llm.memory_budget import read_budget
    from nemotron_agent.llm.memory_check import machine_here
    from nemotron_agent.llm.system_memory import SystemMemory

    system = SystemMemory()
    budget = read_budget(args.budget, args.reserve_mb * 10**6, system)
    return _conditions(args, machine_here(system)), budget


def _elsewhere(args: argparse.Namespace) -> 'tuple[Conditions, MemoryBudget]':
    """Plan for a node on another device."""
    from nemotron_agent.llm.device_profile import find_device

    device = find_device(args.device)
    return _conditions(args, device.machine), device.budget(args.budget, args.reserve_mb * 10**6)


def _conditions(args: argparse.Namespace, machine: 'Machine') -> 'Conditions':
    from nemotron_agent.llm.memory_settings import Conditions
    from nemotron_agent.llm.process_plan import NODE_PROCESS_BYTES

    return Conditions(
        machine, args.n_gpu_layers, process_bytes=NODE_PROCESS_BYTES, saves_state=True
    )
