"""docker/Dockerfile: its stages, what goes into them, and who they run as, without a container engine."""

import pathlib
import re
import unittest

import dockerfile
import programs

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
PROGRAMS = {"server": "LATIMER_SERVER", "agent": "LATIMER_AGENT"}


class DockerfileTest(unittest.TestCase):
    def setUp(self):
        self.stages = dockerfile.read((DOCKER / "Dockerfile").read_text(encoding="utf-8"))

    def test_images_run_their_program_as_a_user_of_its_own(self):
        users = set()
        for name in PROGRAMS:
            stage = self.stages[name]
            user, group = stage.last("USER").split(":")
            self.assertTrue(user.isdigit() and user == group and int(user) >= 10000, "clusters want numbers")
            users.add(user)
            program, *arguments = stage.entrypoint()
            self.assertEqual(f"latimer-{name}", program)
            self.assertEqual(stage.last("VOLUME"), arguments[-1])
            self.assertIn(arguments[0], programs.options(PROGRAMS[name]))
            made = " ".join(i.text for i in stage.instructions if i.name == "RUN")
            self.assertIn(f"--uid {user} ", made)
            self.assertIn(f"-m 0700 {arguments[-1]}", made)
            self.assertIn(f"/packages/latimer-{name}_*.deb", made)
        self.assertEqual(2, len(users))

    def test_images_start_from_debian_and_not_from_what_built_them(self):
        for name in PROGRAMS:
            self.assertRegex(self.stages[name].base, r"^debian:\w+-slim$")
        release = dockerfile.read((DOCKER / "Dockerfile").read_text(encoding="utf-8"), DEBIAN_RELEASE="trixie")
        self.assertEqual({"debian:trixie-slim"}, {release[name].base for name in PROGRAMS})

    def test_what_is_copied_and_mounted_exists(self):
        for stage in self.stages.values():
            for instruction in stage.instructions:
                if instruction.name == "COPY" and not instruction.text.startswith(". "):
                    self.assertTrue((ROOT / instruction.text.split()[0]).is_file(), instruction.text)
                for _, value in instruction.options:
                    source = re.search(r"from=([\w-]+)", value)
                    if source:
                        self.assertIn(source[1], self.stages)

    def test_the_build_gets_every_folder_cmake_reads(self):
        lines = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
        self.assertEqual("*", [line for line in lines if not line.startswith("#")][0])
        sent = {line[1:] for line in lines if line.startswith("!")}
        cmake = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
        read = set(re.findall(r"(?:add_subdirectory|include)\((\w+)[/)]", cmake))
        self.assertEqual(set(), read - sent - {"tests", "CTest", "CPack"})

    def test_unknown_instructions_are_refused(self):
        with self.assertRaisesRegex(ValueError, "ADD"):
            list(dockerfile.instructions("FROM a AS b\nADD c d\n"))


if __name__ == "__main__":
    unittest.main()
