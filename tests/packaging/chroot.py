"""A Debian in a folder, made with debootstrap from the mirror this machine uses. Needs root.

Programs in it share this machine's kernel, network and processes; nothing else of it.
"""

import os
import pathlib
import re
import shutil
import subprocess

MOUNTS = (("proc", "proc", []), ("/dev", "dev", ["--bind"]), ("/sys", "sys", ["--bind", "-o", "ro"]))


def mirror():
    """The Debian mirror of this machine, other than that of security updates."""
    places = [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))]
    for place in places:
        if not place.is_file():
            continue
        for line in place.read_text(encoding="utf-8").splitlines():
            found = re.match(r"URIs:\s*(\S+)|deb\s+(?:\[[^]]*\]\s*)?(\S+)", line)
            uri = found and (found[1] or found[2])
            if uri and uri.rstrip("/").endswith("/debian"):
                return uri
    raise SystemExit("no Debian mirror in /etc/apt")


def release():
    """The Debian release of this machine, such as bookworm."""
    text = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    return re.search(r"^VERSION_CODENAME=(\w+)", text, re.MULTILINE)[1]


def need_tools():
    if os.geteuid() != 0:
        raise SystemExit("this test makes chroots and must run as root")
    if not shutil.which("debootstrap"):
        raise SystemExit("debootstrap is missing (package debootstrap)")


def base(suite, cache):
    """An archive of the smallest Debian of a release, made once."""
    archive = pathlib.Path(cache) / f"{suite}.tar"
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        folder = archive.with_suffix(".partial")
        shutil.rmtree(folder, ignore_errors=True)
        packages = archive.parent / "debs"
        packages.mkdir(exist_ok=True)
        script = f"/usr/share/debootstrap/scripts/{suite}"
        # Releases younger than this machine's debootstrap are made as sid is.
        scripts = [] if os.path.exists(script) else ["/usr/share/debootstrap/scripts/sid"]
        subprocess.run(["debootstrap", "--variant=minbase", "--include=ca-certificates", f"--cache-dir={packages}",
                        suite, folder, mirror(), *scripts], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["tar", "-C", folder, "-cf", f"{archive}.partial", "."], check=True)
        shutil.rmtree(folder)
        os.rename(f"{archive}.partial", archive)
    return archive


class Chroot:
    """One folder; `close` unmounts and removes it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._mounted = []

    @classmethod
    def from_release(cls, suite, folder, cache):
        chroot = cls(folder)
        chroot.folder.mkdir(parents=True)
        subprocess.run(["tar", "-C", folder, "-xf", base(suite, cache)], check=True)
        chroot.prepare()
        return chroot

    @classmethod
    def from_chroot(cls, other, folder):
        """A copy of another one, as images are built upon images."""
        subprocess.run(["cp", "-a", "--one-file-system", "--reflink=auto", other.folder, folder], check=True)
        chroot = cls(folder)
        chroot.prepare()
        return chroot

    def prepare(self):
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", self.folder / "etc" / name)
        for settings in pathlib.Path("/etc/apt/apt.conf.d").glob("*prox*"):
            shutil.copy(settings, self.folder / "etc/apt/apt.conf.d")
        # Nothing here has to survive a loss of power.
        (self.folder / "etc/dpkg/dpkg.cfg.d/fast").write_text("force-unsafe-io\n", encoding="utf-8")
        # No service starts while packages are installed, as in a container.
        policy = self.folder / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
        policy.chmod(0o755)
        for source, place, options in MOUNTS:
            options = options or ["-t", "proc"]
            self.mount(source, place, options)

    def mount(self, source, place, options):
        target = self.path(place)
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", *options, source, target], check=True)
        self._mounted.append(target)

    def unmount(self, place):
        target = self.path(place)
        subprocess.run(["umount", target], check=True)
        self._mounted.remove(target)

    def path(self, inside):
        return self.folder / str(inside).lstrip("/")

    def command(self, *words, user=None, folder="/", environment=None):
        """What to run here so that `words` run there."""
        settings = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                    "DEBIAN_FRONTEND": "noninteractive", **(environment or {})}
        change = ["chroot"]
        if user:
            change.append(f"--userspec={user}")
            # Without the groups of who runs the test.
            change.append("--groups=")
        return ["env", "-i", *(f"{name}={value}" for name, value in settings.items() if value is not None),
                *change, str(self.folder), "/bin/sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", folder,
                *map(str, words)]

    def run(self, *words, errors=True, **options):
        """Runs a command there and returns what it prints, with or without what it prints as errors."""
        done = subprocess.run(self.command(*words, **options), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT if errors else subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            printed = done.stdout + (done.stderr or "")
            raise AssertionError(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{printed[-4000:]}")
        return done.stdout

    def start(self, *words, stdout=None, stderr=None, **options):
        return subprocess.Popen(self.command(*words, **options), stdout=stdout, stderr=stderr, text=True)

    def install(self, *packages):
        self.run("apt-get", "-q", "update")
        return self.run("apt-get", "-q", "install", "-y", "--no-install-recommends", *packages)

    def close(self):
        for target in reversed(self._mounted):
            subprocess.run(["umount", "-l", target], check=False)
        self._mounted = []
        # A mount that stayed must not be emptied.
        if not any(str(self.folder) in line for line in pathlib.Path("/proc/mounts").read_text().splitlines()):
            shutil.rmtree(self.folder, ignore_errors=True)
