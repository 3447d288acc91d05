"""`nemotron-agent model`: list, get and check model files."""

import argparse
import json
import sys
from typing import Any

EPILOG = """\
examples:
  nemotron-agent model list                     what there is, and what is here
  nemotron-agent model pull qwen2.5-coder-1.5b  get it; once interrupted, the same goes on
  nemotron-agent model verify                   read all files here and compare their sha256
  nemotron-agent model path smollm2-135m        where its file is

Models are kept in $NEMOTRON_AGENT_MODEL_DIR, or else in ~/.cache/nemotron_agent/models.
A GGUF file that is not in the list is named by its path wherever a model is asked for.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'model',
        help='list, get and check model files',
        description='List, get and check model files.',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar='ACTION', required=True)

    action = actions.add_parser('list', help='show the models, and which of them are here')
    action.add_argument('--json', action='store_true', help='print a JSON list')
    action.set_defaults(run=run_list)

    action = actions.add_parser('pull', help='download models')
    action.add_argument('names', nargs='+', metavar='NAME', help='name of a model in the list')
    action.set_defaults(run=run_pull)

    action = actions.add_parser('verify', help='read model files and compare their sha256')
    action.add_argument('names', nargs='*', metavar='NAME', help='name; without one, all here')
    action.set_defaults(run=run_verify)

    action = actions.add_parser('path', help="print where a model's file is")
    action.add_argument('name', metavar='NAME', help='name of a model in the list, or a path')
    action.set_defaults(run=run_path)


def run_list(args: argparse.Namespace) -> int:
    """Print the catalogue."""
    from nemotron_agent.cli.model_list import model_lines, model_records
    from nemotron_agent.llm.model_catalog import ModelCatalog
    from nemotron_agent.llm.model_folder import ModelFolder

    catalog, folder = ModelCatalog.default(), ModelFolder()
    if args.json:
        print(json.dumps(model_records(catalog, folder), indent=2, ensure_ascii=False))
    else:
        print('\n'.join(model_lines(catalog, folder)))
    return 0


def run_pull(args: argparse.Namespace) -> int:
    """Download, and print where the files are."""
    from nemotron_agent.cli.pull_progress_display import pull_progress_display
    from nemotron_agent.llm.model_catalog import ModelCatalog
    from nemotron_agent.llm.model_download import ensure_model

    catalog = ModelCatalog.default()
    names = [catalog.entry(name).name for name in args.names]
    for name in names:
        try:
            with pull_progress_display() as progress:
                path = ensure_model(name, progress, catalog)
        except KeyboardInterrupt:
            print(f'to go on: nemotron-agent model pull {name}', file=sys.stderr)
            raise
        print(path, flush=True)
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """Check files; 2 if one is not what it should be."""
    from nemotron_agent.cli.main import EXIT_ERROR
    from nemotron_agent.cli.pull_progress_display import pull_progress_display
    from nemotron_agent.core.errors import ModelFileError
    from nemotron_agent.llm.model_catalog import ModelCatalog
    from nemotron_agent.llm.model_folder import ModelFolder

    catalog, folder = ModelCatalog.default(), ModelFolder()
    entries = [catalog.entry(name) for name in args.names] or [
        entry for entry in catalog if folder.file(entry).exists()
    ]
    if not entries:
        raise ModelFileError(f'no model of the catalogue is in {folder.path}')
    status = 0
    for entry in entries:
        try:
            with pull_progress_display() as progress:
                folder.verify(entry, progress)
            print(f'{entry.name}: right, sha256 {entry.sha256}', flush=True)
        except ModelFileError as error:
            print(f'nemotron-agent: {error}', file=sys.stderr)
            status = EXIT_ERROR
    return status


def run_path(args: argparse.Namespace) -> int:
    """Print where a file is."""
    from nemotron_agent.llm.model_catalog import resolve_model

    print(resolve_model(args.name).path)
    return 0
