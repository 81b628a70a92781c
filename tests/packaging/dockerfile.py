"""Reads the instructions of docker/Dockerfile: those it uses, and no others."""

import dataclasses
import json
import re

KNOWN = {"ARG", "FROM", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD"}


@dataclasses.dataclass
class Instruction:
    name: str
    options: list  # (name, value) of --name=value
    text: str      # what follows them


@dataclasses.dataclass
class Stage:
    name: str
    base: str
    instructions: list

    def last(self, name):
        found = [i.text for i in self.instructions if i.name == name]
        return found[-1] if found else None

    def entrypoint(self):
        return json.loads(self.last("ENTRYPOINT") or "[]")

    def ports(self):
        return [int(port) for i in self.instructions if i.name == "EXPOSE" for port in i.text.split()]


def instructions(text):
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    for line in filter(None, map(str.strip, joined.splitlines())):
        name, rest = line.split(None, 1)
        if name not in KNOWN:
            raise ValueError(f"Dockerfile: unknown instruction {name}")
        options = []
        while name in ("RUN", "COPY", "FROM"):
            option = re.match(r"--(\w+)=(\S+)\s+", rest)
            if not option:
                break
            options.append((option[1], option[2]))
            rest = rest[option.end():]
        yield Instruction(name, options, re.sub(r"\s+", " ", rest))


def read(text, **arguments):
    """Stages by name, in order. `arguments` override the ARGs before the first FROM."""
    stages, values = {}, {}
    for instruction in instructions(text):
        if instruction.name == "ARG":
            name, _, value = instruction.text.partition("=")
            values[name] = arguments.get(name, value)
        elif instruction.name == "FROM":
            base, name = re.fullmatch(r"(\S+) AS (\S+)", instruction.text).groups()
            base = re.sub(r"\$\{(\w+)\}", lambda m: values[m[1]], base)
            stages[name] = Stage(name, base, [])
        else:
            stages[list(stages)[-1]].instructions.append(instruction)
    return stages
