# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error of the rules' floor: invalid user input."""

from __future__ import annotations

from collections.abc import Iterable


class InvalidInput(ValueError):
    """The caller's input is invalid.

    The text is one sentence that names the option or the object and the cure; it is shown to the user as it is.
    """


class Blockers(InvalidInput):
    """Several things that would stop a run; `sentences` has one for each of them."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = tuple(dict.fromkeys(sentences))
        super().__init__("\n".join(self.sentences))
