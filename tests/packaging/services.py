"""Runs the services of installed packages as their systemd units say, without systemd: user, settings, command."""

import pathlib
import re
import shlex
import signal
import subprocess
import time

UNITS = "lib/systemd/system"


def read_unit(text):
    """Settings of a unit: section -> key -> values in order."""
    sections, section = {}, None
    for line in text.replace("\\\n", " ").splitlines():
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        else:
            key, _, value = line.partition("=")
            section.setdefault(key.strip(), []).append(value.strip())
    return sections


def read_settings(text):
    """An EnvironmentFile."""
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            name, _, value = line.partition("=")
            found[name.strip()] = "".join(shlex.split(value))
    return found


def expand(command, environment):
    """Words of an ExecStart: ${X} stays one word, $X as a word of its own becomes as many as it holds."""
    words = []
    for word in command.split():
        alone = re.fullmatch(r"\$(\w+)", word)
        if alone:
            words += shlex.split(environment.get(alone[1], ""))
        else:
            words.append(re.sub(r"\$\{(\w+)\}", lambda m: environment.get(m[1], ""), word))
    return words


class Service:
    """One running unit of a chroot."""

    def __init__(self, chroot, name, log):
        self.chroot, self.name, self.log = chroot, name, pathlib.Path(log)
        unit = read_unit(chroot.path(f"{UNITS}/{name}.service").read_text(encoding="utf-8"))["Service"]
        settings = chroot.path(unit["EnvironmentFile"][-1].lstrip("-"))
        environment = read_settings(settings.read_text(encoding="utf-8"))
        user, state = unit["User"][-1], f"/var/lib/{unit['StateDirectory'][-1]}"
        chroot.run("install", "-d", "-o", user, "-g", unit["Group"][-1], "-m", unit["StateDirectoryMode"][-1], state)
        with self.log.open("a", encoding="utf-8") as out:
            self._process = chroot.start(*expand(unit["ExecStart"][-1], environment), user=f"{user}:{user}",
                                         environment=environment, stdout=out, stderr=subprocess.STDOUT)

    def wait_for(self, pattern, seconds=30):
        """The first group of what the log has to say."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.text(), re.MULTILINE)
            if found:
                return found[1] if found.groups() else found[0]
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"{self.name} did not say {pattern!r}:\n{self.text()[-3000:]}")

    def text(self):
        return self.log.read_text(encoding="utf-8")

    def memory(self):
        """Resident memory in MiB."""
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024

    def stop(self):
        """The exit code after SIGTERM."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
