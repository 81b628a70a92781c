"""deploy/kubernetes: every resource has only fields there are, and what they name of each other exists."""

import pathlib
import re
import unittest

import dockerfile
import kubernetes_schema
import kustomize
import programs

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/kubernetes"
KUSTOMIZATIONS = ("base", "tls")


def selects(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


class KubernetesTest(unittest.TestCase):
    def setUp(self):
        self.builds = {name: kustomize.Build(FOLDER / name) for name in KUSTOMIZATIONS}

    def each(self):
        return [(name, build, build.one("StatefulSet")["spec"]["template"]) for name, build in self.builds.items()]

    def test_every_field_is_known_and_none_is_missing(self):
        for name, build in self.builds.items():
            for resource in build.resources.values():
                with self.subTest(name, kind=resource["kind"]):
                    self.assertEqual([], kubernetes_schema.check(resource))

    def test_the_schema_finds_what_is_wrong(self):
        service = self.builds["base"].one("Service")
        for change, words in (({"spec": {"port": 1}}, "spec.port is unknown"),
                              ({"spec": {"type": "Cluster"}}, "'Cluster' is none of"),
                              ({"metadata": {"name": 3}}, "wrong type"),
                              ({"spec": {"selector": None}}, "selector is missing"),
                              ({"kind": "Servise"}, "no kind")):
            with self.subTest(words):
                self.assertIn(words, " ".join(kubernetes_schema.check(kustomize.merge(service, change))))

    def test_every_file_belongs_to_something(self):
        used = set().union(*(build.files for build in self.builds.values()))
        self.assertEqual(sorted(FOLDER.rglob("*.yaml")), sorted(used))

    def test_selectors_find_the_pod(self):
        for name, build, template in self.each():
            labels = template["metadata"]["labels"]
            self.assertTrue(selects(build.one("StatefulSet")["spec"]["selector"]["matchLabels"], labels))
            self.assertTrue(selects(build.one("Service")["spec"]["selector"], labels))
            self.assertTrue(selects(build.one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"], labels))
            if name == "tls":
                self.assertTrue(selects(build.one("PodMonitor")["spec"]["selector"]["matchLabels"], labels))

    def test_ports_are_those_the_program_listens_on(self):
        for name, build, template in self.each():
            container = template["spec"]["containers"][0]
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            arguments = dict(word.lstrip("-").split("=", 1) for word in container["args"] if "=" in word)
            self.assertEqual(f"0.0.0.0:{ports['grpc']}", arguments["listen"])
            self.assertEqual(f"0.0.0.0:{ports['metrics']}", arguments["metrics-listen"])
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                handlers = {"grpc", "tcpSocket"} & set(container[probe])
                self.assertEqual({"tcpSocket" if name == "tls" else "grpc"}, handlers, probe)
                port = container[probe][handlers.pop()]["port"]
                self.assertEqual(ports["grpc"], ports.get(port, port))
            for port in build.one("Service")["spec"]["ports"]:
                self.assertIn(port["targetPort"], ports)
            for rule in build.one("NetworkPolicy")["spec"]["ingress"]:
                self.assertIn(rule["ports"][0]["port"], ports)
            if name == "tls":
                self.assertIn(build.one("PodMonitor")["spec"]["podMetricsEndpoints"][0]["port"], ports)

    def test_options_are_those_of_the_program(self):
        for _, _, template in self.each():
            options = [word.split("=")[0] for word in template["spec"]["containers"][0]["args"]]
            self.assertEqual(set(), set(options) - programs.options("LATIMER_SERVER"))
            self.assertEqual(len(options), len(set(options)))

    def test_settings_volumes_and_mounts_exist(self):
        for _, build, template in self.each():
            container = template["spec"]["containers"][0]
            variables = {item["name"] for item in container["env"]}
            for item in container["env"]:
                reference = item["valueFrom"]["configMapKeyRef"]
                self.assertIn(reference["key"], build.config_maps[reference["name"]])
            used = set(re.findall(r"\$\((\w+)\)", " ".join(container["args"])))
            self.assertEqual(variables, used)
            claims = build.one("StatefulSet")["spec"]["volumeClaimTemplates"]
            volumes = {volume["name"] for volume in template["spec"]["volumes"]}
            volumes |= {claim["metadata"]["name"] for claim in claims}
            self.assertEqual(volumes, {mount["name"] for mount in container["volumeMounts"]})
            for word in container["args"]:
                path = word.partition("=")[2]
                if path.startswith("/"):
                    self.assertTrue(any(path.startswith(m["mountPath"] + "/") for m in container["volumeMounts"]), word)

    def test_the_pod_is_that_of_the_image(self):
        image = dockerfile.read((ROOT / "docker/Dockerfile").read_text(encoding="utf-8"))["server"]
        user, group = map(int, image.last("USER").split(":"))
        for _, build, template in self.each():
            context = template["spec"]["securityContext"]
            self.assertEqual((user, group, group), (context["runAsUser"], context["runAsGroup"], context["fsGroup"]))
            mounts = [m["mountPath"] for m in template["spec"]["containers"][0]["volumeMounts"]]
            self.assertIn(image.entrypoint()[-1], mounts)
            # Whatever the pod's options are, the container ends before it is killed.
            arguments = dict(w.lstrip("-").split("=", 1) for w in template["spec"]["containers"][0]["args"] if "=" in w)
            self.assertLess(float(arguments["drain"]) + float(arguments["shutdown-grace"]),
                            template["spec"]["terminationGracePeriodSeconds"])
            self.assertEqual(1, build.one("StatefulSet")["spec"]["replicas"])

    def test_it_runs_with_few_rights(self):
        for name, _, template in self.each():
            pod, container = template["spec"], template["spec"]["containers"][0]
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            self.assertFalse(pod["automountServiceAccountToken"])
            self.assertFalse(container["securityContext"]["allowPrivilegeEscalation"])
            self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"])
            self.assertEqual(["ALL"], container["securityContext"]["capabilities"]["drop"])
            self.assertEqual(name == "base", "--insecure" in container["args"])


if __name__ == "__main__":
    unittest.main()
