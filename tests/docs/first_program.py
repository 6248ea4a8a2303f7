#!/usr/bin/env python3
"""Takes the first C++ program out of a page: first_program.py PAGE FILE"""

import pathlib
import re
import sys

page, file = map(pathlib.Path, sys.argv[1:])
program = re.search(r"```cpp\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
file.write_text(program[1], encoding="utf-8")
