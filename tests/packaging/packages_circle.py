"""Installs the Debian packages in a clean Debian, runs the quickstart's circle from them, upgrades and removes them.

usage: packages_circle.py PACKAGES [--work DIR] [--release NAME]

PACKAGES is the folder of the .deb files (scripts/build_packages.sh). Needs root, debootstrap and a Debian mirror; takes
some minutes. Prints what it did and how long it took; exit code 0 if all of it worked.
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
import services

PACKAGES = ("latimer-agent", "latimer-cli", "latimer-data", "latimer-server")
BEGIN = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - BEGIN:5.0f} s] {text}", flush=True)


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def set_option(root, service, **values):
    """Edits /etc/default/<service> as a person would."""
    path = root.path(f"etc/default/{service}")
    lines = path.read_text(encoding="utf-8").splitlines()
    for name, value in values.items():
        lines = [f'{name}="{value}"' if line.startswith(f"{name}=") else line for line in lines]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def newer(packages, folder):
    """The same packages with a higher version."""
    for package in sorted(packages.glob("*.deb")):
        tree = folder / package.stem
        subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
        control = tree / "DEBIAN/control"
        text = control.read_text(encoding="utf-8")
        version = re.escape(re.search(r"^Version: (\S+)$", text, re.MULTILINE)[1])
        text = re.sub(rf"(^Version: |latimer-data \(= ){version}", r"\g<0>+1", text, flags=re.MULTILINE)
        control.write_text(text, encoding="utf-8")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, folder], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(tree)


def check_installed(root):
    for package in PACKAGES:
        owned = root.run("dpkg", "-L", package)
        check(f"/usr/share/doc/{package}/copyright" in owned, f"{package} has no copyright file")
        root.run("dpkg", "--verify", package)
    for page in ("man1/latimer.1.gz", "man8/latimer-server.8.gz", "man8/latimer-agent.8.gz"):
        check(root.path(f"usr/share/man/{page}").exists(), f"no manual {page}")
    for user in ("latimer", "latimer-agent"):
        check(root.run("getent", "passwd", user).strip().endswith("nologin"), f"{user} can log in")
    for program in ("latimer", "latimer-server", "latimer-agent"):
        check("not found" not in root.run("ldd", f"/usr/bin/{program}"), f"{program} misses libraries")
        say(root.run(program, "--version").strip().splitlines()[0])
    default = root.path("etc/default/latimer-agent")
    check(default.stat().st_mode & 0o077 == 0, "the agent's settings, which hold a token, are readable by others")


def check_units(root):
    """systemd's own opinion."""
    root.install("systemd")
    units = [f"/lib/systemd/system/{name}.service" for name in ("latimer-server", "latimer-agent")]
    words = root.run("systemd-analyze", "verify", "--man=no", *units)
    check("latimer" not in words, words)
    for unit in units:
        rating = root.run("systemd-analyze", "security", "--offline=yes", "--threshold=20", unit)
        say(f"{unit.split('/')[-1]}: {rating.strip().splitlines()[-1].lstrip('→ ')}")


def run_circle(root, work):
    """From an empty server to an estimate beside its measured time; then both are stopped and started again."""
    set_option(root, "latimer-server", LATIMER_SERVER_ARGS="--listen 127.0.0.1:0 --drain 0")
    shutil.copy(circles.NETWORK, root.path("usr/share/network.onnx"))

    def start_server():
        server = services.Service(root, "latimer-server", work / f"server{time.monotonic_ns()}.log")
        running.append(server)
        return server, circles.Circle(server.wait_for(r"^listening on (\S+)$"), latimer)

    def latimer(*words):
        return root.run("latimer", *words, errors=False)

    running = []
    try:
        server, circle = start_server()
        set_option(root, "latimer-agent", LATIMER_SERVER=circle.address, LATIMER_TOKEN=circle.token())
        agent = services.Service(root, "latimer-agent", work / "agent.log")
        running.append(agent)
        board = circle.wait_for_agent()
        say(f"server and agent run as their users; the board is {board['name']}")
        campaign = circle.measure_and_fit(250, "40s")
        check(campaign["state"] == "CAMPAIGN_STATE_SUCCEEDED", campaign)
        say(f"campaign: {campaign['done']} measurements, {campaign['state']}")
        estimated, measured, published = circle.estimate("/usr/share/network.onnx")
        check(min(estimated, measured, published) > 0, "an estimate of nothing")
        say(f"{circles.NETWORK.name}: estimated {estimated:.2f} ms, measured {measured:.2f} ms "
            f"({(estimated / measured - 1) * 100:+.1f} %), ncs2-openvino {published:.2f} ms")
        say(f"resident memory: server {server.memory()} MiB, agent {agent.memory()} MiB")
        check(agent.stop() == 0, "the agent's exit code")
        check(server.stop() == 0, "the server's exit code")
        server, circle = start_server()
        set_option(root, "latimer-agent", LATIMER_SERVER=circle.address, LATIMER_TOKEN="")
        running.append(services.Service(root, "latimer-agent", work / "agent-again.log"))
        check(circle.wait_for_agent()["name"] == board["name"], "the board is another one after a restart")
        again = circle.ask("estimate", "/usr/share/network.onnx", "--platform", circles.PLATFORM)["estimates"][0]
        check(again["latency"]["estimateMs"] == estimated, "another estimate after a restart")
        say("after a restart of both the same board, without a token, and the same estimate")
    finally:
        for service in reversed(running):
            service.kill()


def upgrade(root, work):
    folder = work / "newer"
    folder.mkdir()
    newer(root.path("packages"), folder)
    shutil.copytree(folder, root.path("newer"))
    before = root.path("etc/default/latimer-server").read_text(encoding="utf-8")
    root.run("/bin/sh", "-c", "apt-get install -y -q /newer/*.deb")
    check("+1" in root.run("dpkg-query", "-W", "-f", "${Version}", "latimer-server"), "not upgraded")
    check(root.path("etc/default/latimer-server").read_text(encoding="utf-8") == before, "settings lost in an upgrade")
    say("upgraded; settings and measurements are kept")


def remove(root):
    root.run("apt-get", "-q", "remove", "-y", *PACKAGES)
    check(root.path("etc/default/latimer-agent").exists(), "settings went with remove")
    words = root.run("dpkg", "--purge", *PACKAGES)
    check("left where they are" in words, "purge does not say what it leaves")
    for gone in ("etc/default/latimer-agent", "etc/default/latimer-server", "var/lib/latimer-agent",
                 "usr/bin/latimer-server", "usr/share/latimer", "lib/systemd/system/latimer-server.service"):
        check(not root.path(gone).exists(), f"{gone} stays after purge")
    check(any(root.path("var/lib/latimer").iterdir()), "purge took the measurements away")
    say("removed and purged; only the measurements are left")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, help="where chroots are made and kept archives of them")
    parser.add_argument("--release", default=chroots.release())
    arguments = parser.parse_args()
    chroots.need_tools()
    files = sorted(arguments.packages.glob("*.deb"))
    check(len(files) == len(PACKAGES), f"{len(PACKAGES)} packages expected in {arguments.packages}, found {files}")
    work = pathlib.Path(tempfile.mkdtemp(prefix="latimer-packages-", dir=arguments.work))
    cache = arguments.work or work
    root = None
    try:
        root = chroots.Chroot.from_release(arguments.release, work / "root", cache)
        say(f"a clean {arguments.release}")
        root.path("packages").mkdir()
        for file in files:
            shutil.copy(file, root.path("packages"))
        root.run("apt-get", "-q", "update")
        root.run("/bin/sh", "-c", "apt-get install -y -q --no-install-recommends /packages/*.deb")
        say("installed " + ", ".join(file.name for file in files))
        check_installed(root)
        run_circle(root, work)
        upgrade(root, work)
        check_units(root)
        remove(root)
    finally:
        if root:
            root.close()
        shutil.rmtree(work, ignore_errors=True) if not root or not root.folder.exists() else None
    say("all of it worked")
    return 0


if __name__ == "__main__":
    sys.exit(main())
