"""The part of Kubernetes' schema that deploy/kubernetes uses: unknown, missing and ill-typed fields are findings.

A schema is a type, a set of allowed texts, [schema] for a list, {"*": schema} for a map, or a dict of fields; a field
whose name ends with "!" must be there.
"""

TEXTS = {"*": str}
METADATA = {"name!": str, "labels": TEXTS}
SELECTOR = {"matchLabels!": TEXTS}
PORT = (int, str)
PROBE = {
    "grpc": {"port!": int, "service": str},
    "tcpSocket": {"port!": PORT},
    "periodSeconds": int, "timeoutSeconds": int, "failureThreshold": int,
}
CONTAINER = {
    "name!": str, "image!": str, "args": [str],
    "env": [{"name!": str, "valueFrom!": {"configMapKeyRef!": {"name!": str, "key!": str}}}],
    "ports": [{"name!": str, "containerPort!": int}],
    "startupProbe!": PROBE, "readinessProbe!": PROBE, "livenessProbe!": PROBE,
    "resources!": {"requests!": TEXTS, "limits!": TEXTS},
    "securityContext!": {"allowPrivilegeEscalation!": bool, "readOnlyRootFilesystem!": bool,
                         "capabilities!": {"drop!": [str]}},
    "volumeMounts": [{"name!": str, "mountPath!": str, "readOnly": bool}],
}
POD = {
    "serviceAccountName!": str, "automountServiceAccountToken!": bool, "enableServiceLinks": bool,
    "terminationGracePeriodSeconds!": int,
    "securityContext!": {"runAsNonRoot!": bool, "runAsUser!": int, "runAsGroup!": int, "fsGroup!": int,
                         "fsGroupChangePolicy": {"OnRootMismatch", "Always"},
                         "seccompProfile!": {"type!": {"RuntimeDefault"}}},
    "containers!": [CONTAINER],
    "volumes": [{"name!": str, "emptyDir": {"sizeLimit": str},
                 "secret": {"secretName!": str, "defaultMode": int}}],
}
PEER = {"namespaceSelector": SELECTOR, "podSelector": SELECTOR}
RULE = {"from!": [PEER], "ports!": [{"protocol": {"TCP", "UDP"}, "port!": PORT}]}

SCHEMAS = {
    ("v1", "ServiceAccount"): {"metadata!": METADATA, "automountServiceAccountToken": bool},
    ("v1", "Service"): {
        "metadata!": METADATA,
        "spec!": {"type": {"ClusterIP", "LoadBalancer"}, "selector!": TEXTS,
                  "ports!": [{"name!": str, "port!": int, "targetPort": PORT, "appProtocol": str}]}},
    ("apps/v1", "StatefulSet"): {
        "metadata!": METADATA,
        "spec!": {"serviceName!": str, "replicas!": int, "selector!": SELECTOR,
                  "template!": {"metadata!": {"labels!": TEXTS}, "spec!": POD},
                  "volumeClaimTemplates": [{
                      "metadata!": {"name!": str},
                      "spec!": {"accessModes!": [{"ReadWriteOnce", "ReadWriteOncePod"}],
                                "resources!": {"requests!": {"storage!": str}}}}]}},
    ("networking.k8s.io/v1", "NetworkPolicy"): {
        "metadata!": METADATA,
        "spec!": {"podSelector!": SELECTOR, "policyTypes!": [{"Ingress", "Egress"}], "ingress": [RULE],
                  "egress": list}},
    ("monitoring.coreos.com/v1", "PodMonitor"): {
        "metadata!": METADATA,
        "spec!": {"selector!": SELECTOR,
                  "podMetricsEndpoints!": [{"port!": str, "path": str, "interval": str, "scrapeTimeout": str}]}},
}


def findings(value, schema, place):
    if isinstance(schema, set):
        return [] if value in schema else [f"{place}: '{value}' is none of {sorted(schema)}"]
    if isinstance(schema, (type, tuple)):
        # True is an int to Python, not to Kubernetes.
        right = isinstance(value, schema) and (schema is bool or not isinstance(value, bool))
        return [] if right else [f"{place}: {value!r} has the wrong type"]
    if isinstance(schema, list):
        if not isinstance(value, list) or not value:
            return [f"{place}: no list"]
        return [f for i, item in enumerate(value) for f in findings(item, schema[0], f"{place}[{i}]")]
    if not isinstance(value, dict):
        return [f"{place}: no map"]
    if "*" in schema:
        return [f for key, item in value.items() for f in findings(item, schema["*"], f"{place}.{key}")]
    fields = {name.rstrip("!"): inner for name, inner in schema.items()}
    found = [f"{place}.{name[:-1]} is missing" for name in schema if name.endswith("!") and name[:-1] not in value]
    for key, item in value.items():
        if key in fields:
            found += findings(item, fields[key], f"{place}.{key}")
        else:
            found.append(f"{place}.{key} is unknown")
    return found


def check(resource):
    """What is wrong with one resource."""
    kind = (resource.get("apiVersion"), resource.get("kind"))
    if kind not in SCHEMAS:
        return [f"{kind} is no kind this checks"]
    rest = {key: value for key, value in resource.items() if key not in ("apiVersion", "kind")}
    return findings(rest, SCHEMAS[kind], kind[1])
