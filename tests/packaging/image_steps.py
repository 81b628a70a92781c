"""Does the steps of docker/Dockerfile in chroots, and runs the quickstart's circle with the two images they make.

usage: image_steps.py [--release NAME] [--packages DIR] [--work DIR]

For machines without a container engine. Needs root, debootstrap and a Debian mirror. Builds everything from nothing:
tens of minutes. With --packages nothing is compiled: the sources are configured in their image, and packages that
were built elsewhere (scripts/build_packages.sh) are taken. With --work, archives of Debian and the compiler's cache
are kept there for the next time.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import chroot as chroots
import circle as circles
import dockerfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILDS = "scripts/build_packages.sh"
BEGIN = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - BEGIN:5.0f} s] {text}", flush=True)


def sources():
    """Top-level names the build gets, as docker/Dockerfile.dockerignore says."""
    lines = (ROOT / "docker/Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    return [line[1:] for line in lines if line.startswith("!") and (ROOT / line[1:]).exists()]


def copy_sources(target):
    """Files git knows or would, below the names of sources()."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--",
                             *sources()], check=True, capture_output=True).stdout
    target.mkdir(parents=True, exist_ok=True)
    present = b"".join(name + b"\0" for name in listed.split(b"\0") if name and (ROOT / name.decode()).is_file())
    pack = subprocess.run(["tar", "-C", ROOT, "--null", "-T", "-", "-cf", "-"], input=present, check=True,
                          capture_output=True).stdout
    subprocess.run(["tar", "-C", target, "-xf", "-"], input=pack, check=True)


class Builder:
    """Makes the stages of a Dockerfile, each once, as chroots below `work`."""

    def __init__(self, stages, work, cache, packages=None):
        self.stages, self.work, self.cache, self.packages = stages, work, cache, packages
        self.roots = {}

    def build(self, name):
        if name in self.roots:
            return self.roots[name]
        stage = self.stages[name]
        if stage.base in self.stages:
            root = chroots.Chroot.from_chroot(self.build(stage.base), self.work / name)
        else:
            suite = re.fullmatch(r"debian:(\w+)-slim", stage.base)[1]
            root = chroots.Chroot.from_release(suite, self.work / name, self.cache)
        self.roots[name] = root
        folder = self.folder_of(stage)
        for instruction in stage.instructions:
            if instruction.name == "WORKDIR":
                folder = instruction.text
                root.path(folder).mkdir(parents=True, exist_ok=True)
            elif instruction.name == "COPY":
                self.copy(root, folder, instruction)
            elif instruction.name == "RUN" and self.packages and BUILDS in instruction.text:
                self.take_packages(root, folder)
            elif instruction.name == "RUN":
                self.run(root, folder, instruction)
        say(f"stage {name}")
        return root

    def folder_of(self, stage):
        while stage.base in self.stages:
            stage = self.stages[stage.base]
        return stage.last("WORKDIR") or "/"

    def copy(self, root, folder, instruction):
        what, where = instruction.text.split()
        if what == ".":
            copy_sources(root.path(folder))
            return
        target = root.path(folder) / where
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / what, target)

    def run(self, root, folder, instruction):
        mounted = []
        for name, value in instruction.options:
            if name != "mount":
                raise ValueError(f"unknown option --{name}")
            mount = dict(part.split("=", 1) for part in value.split(","))
            if mount["type"] == "cache":
                source = self.cache / ("cache" + mount["target"].replace("/", "-"))
                source.mkdir(exist_ok=True)
            else:
                source = self.build(mount["from"]).path(mount["source"])
            root.mount(source, mount["target"], ["--bind"])
            mounted.append(mount["target"])
        root.run("/bin/sh", "-c", instruction.text, folder=folder)
        for target in mounted:
            root.unmount(target)

    def take_packages(self, root, folder):
        root.run("cmake", "-S", ".", "-B", "/configured", "-G", "Ninja", "-DLATIMER_BUILD_TESTS=OFF",
                 "-DLATIMER_BUILD_BENCH=OFF", folder=folder)
        target = root.path("build/packages")
        target.mkdir(parents=True)
        for package in self.packages.glob("*.deb"):
            shutil.copy(package, target)

    def close(self):
        for root in reversed(list(self.roots.values())):
            root.close()


def start(root, stage, log, *words, **environment):
    """What a container of the image would start: its entry point, as its user."""
    with log.open("w", encoding="utf-8") as out:
        return root.start(*stage.entrypoint(), *words, user=stage.last("USER"), environment=environment, stdout=out,
                          stderr=subprocess.STDOUT)


def run_circle(builder, stages, work):
    server_root, agent_root = builder.roots["server"], builder.roots["agent"]
    shutil.copy(circles.NETWORK, server_root.path("usr/share/network.onnx"))
    log = work / "server.log"
    processes = [start(server_root, stages["server"], log, "--listen", "127.0.0.1:0", "--drain", "0")]
    try:
        for _ in range(100):
            address = re.search(r"^listening on (\S+)$", log.read_text(encoding="utf-8"), re.MULTILINE)
            if address:
                break
            time.sleep(0.1)
        if not address:
            raise AssertionError(log.read_text(encoding="utf-8"))
        circle = circles.Circle(address[1], lambda *words: server_root.run("latimer", *words, errors=False))
        processes.append(start(agent_root, stages["agent"], work / "agent.log", "--server", circle.address, "--backend",
                               "opencv", LATIMER_TOKEN=circle.token()))
        circle.wait_for_agent()
        campaign = circle.measure_and_fit(250, "40s")
        if campaign["state"] != "CAMPAIGN_STATE_SUCCEEDED":
            raise AssertionError(campaign)
        say(f"campaign: {campaign['done']} measurements")
        estimated, measured, _ = circle.estimate("/usr/share/network.onnx")
        say(f"{circles.NETWORK.name}: estimated {estimated:.2f} ms, measured {measured:.2f} ms")
        for process in reversed(processes):
            process.terminate()
            if process.wait(timeout=60) != 0:
                raise AssertionError(f"exit code {process.returncode}")
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()


def size(root):
    words = subprocess.run(["du", "-sxm", root.folder], check=True, capture_output=True, text=True).stdout
    return int(words.split()[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", default="bookworm")
    parser.add_argument("--packages", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path)
    arguments = parser.parse_args()
    chroots.need_tools()
    text = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8")
    stages = dockerfile.read(text, DEBIAN_RELEASE=arguments.release)
    work = pathlib.Path(tempfile.mkdtemp(prefix="latimer-image-", dir=arguments.work))
    builder = Builder(stages, work, arguments.work or work, arguments.packages)
    try:
        for name in ("server", "agent"):
            root = builder.build(name)
            say(f"image {name}: {size(root)} MB, user {stages[name].last('USER')}, {stages[name].entrypoint()}")
        run_circle(builder, stages, work)
    finally:
        builder.close()
        shutil.rmtree(work, ignore_errors=True)
    say("all of it worked")
    return 0


if __name__ == "__main__":
    sys.exit(main())
