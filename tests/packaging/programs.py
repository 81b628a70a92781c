"""What the programs that were built say about themselves."""

import functools
import os
import re
import subprocess


@functools.lru_cache
def options(variable, *command):
    """Options in the --help of the program an environment variable names."""
    done = subprocess.run([os.environ[variable], *command, "--help"], capture_output=True, text=True, check=True)
    beginnings = re.findall(r"^ {1,4}((?:-[\w-]+,?\s*)+)", done.stdout, re.MULTILINE)
    return {flag for text in beginnings for flag in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", text)}
