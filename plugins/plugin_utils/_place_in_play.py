# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a task is in its play: which hosts it runs for together, and which tags select what follows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ._ansible_internals import outwards, own_tags, role_of

_ALL_HOSTS_TOGETHER = ("linear", "debug")
"""Strategies that run a task for all hosts before the next one. With the others `run_once` has no meaning."""


def takes_all_hosts_together(task: Any) -> bool:
    """Return whether a task that runs once can work for the whole batch.

    It cannot in another strategy, nor inside an include with a loop, where each iteration has its own variables.
    """
    strategy = str(task.get_play().strategy).rpartition(".")[2]
    return strategy.endswith(_ALL_HOSTS_TOGETHER) and not any(each.loop for each in _includes(task))


def conditions_of(task: Any) -> list[Any]:
    """Return the conditions under which a host runs the task: its own, and those of the includes around it."""
    return [*task.when, *(condition for each in _includes(task) for condition in each.when)]


def environment_around(task: Any) -> list[Any]:
    """Return the environment variables that a task inherits, with their templates.

    Its own are already evaluated for the host that it runs for.
    """
    around = (each.environment for each in list(outwards(task))[1:])
    return next((found if isinstance(found, list) else [found] for found in around if found), [])


def is_selected(task: Any, tag: str, task_vars: Mapping[str, Any]) -> bool:
    """Return whether `--tags` and `--skip-tags` select a task with this tag next to the given task, which always runs.

    It also has the tags of the role and of the play. The given task always runs because of the tag `always` of the
    import of its file, which does not apply to the others.
    """
    tags = {tag}
    for own in _tags_around(task):
        tags |= own
    return _selects(tags, task_vars.get("ansible_run_tags") or (), task_vars.get("ansible_skip_tags") or ())


def _selects(tags: set[str], only: Collection[str], skip: Collection[str]) -> bool:
    """Source: "Tags" in Ansible's guide to playbooks. There is at least one tag, so `tagged` means every task."""
    never = "never" in tags and not tags.intersection(only)
    chosen = "always" in tags or ({"all", "tagged"}.intersection(only) and not never) or tags.intersection(only)
    if only and not chosen:
        return False
    if "all" in skip:
        return "always" in tags and "always" not in skip
    return "tagged" not in skip and not tags.intersection(skip)


def _tags_around(task: Any) -> Iterator[set[str]]:
    """Yield the tags of what encloses the file of the given task."""
    # The task itself has all of them by now.
    around = list(outwards(task))[1:]
    imports = [place for place, each in enumerate(around) if str(getattr(each, "action", "")).endswith("import_tasks")]
    outside = around[imports[0] + 1 :] if imports else around
    for each in (*outside, role_of(task), task.get_play()):
        yield {tag.strip() for text in own_tags(each) for tag in text.split(",")}


def _includes(task: Any) -> list[Any]:
    """Return the dynamic includes around a task."""
    return [each for each in outwards(task) if getattr(each, "statically_loaded", True) is False]
