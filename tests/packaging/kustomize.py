"""As much of Kustomize as deploy/kubernetes uses: resources, components, patches that merge, labels, config maps."""

import copy

import yaml

# By what the items of a list are told apart when a patch is merged; other lists are replaced as a whole.
MERGE_KEYS = {"containers": "name", "volumes": "name", "env": "name", "volumeMounts": "mountPath", "ports": "name"}
FIELDS = {"apiVersion", "kind", "resources", "components", "patches", "labels", "configMapGenerator", "images"}


def merge(base, patch, field=""):
    """The strategic merge of two values; null takes away."""
    if isinstance(base, dict) and isinstance(patch, dict):
        result = dict(base)
        for key, value in patch.items():
            if value is None:
                result.pop(key, None)
            else:
                result[key] = merge(result[key], value, key) if key in result else copy.deepcopy(value)
        return result
    key = MERGE_KEYS.get(field)
    if isinstance(base, list) and isinstance(patch, list) and key:
        items = {item[key]: item for item in base}
        for item in patch:
            items[item[key]] = merge(items[item[key]], item) if item[key] in items else item
        return list(items.values())
    return copy.deepcopy(patch)


def identity(resource):
    return resource["apiVersion"], resource["kind"], resource["metadata"]["name"]


def add_labels(resource, labels):
    pairs = labels["pairs"]
    resource["metadata"].setdefault("labels", {}).update(pairs)
    spec = resource.get("spec", {})
    if labels.get("includeTemplates") and "template" in spec:
        spec["template"]["metadata"].setdefault("labels", {}).update(pairs)
    if labels.get("includeSelectors"):
        for name in ("selector", "podSelector"):
            if name in spec:
                selector = spec[name]
                selector.get("matchLabels", selector).update(pairs)


class Build:
    """What `kubectl kustomize FOLDER` prints: resources by identity, config maps by name, files that were read."""

    def __init__(self, folder):
        self.resources, self.config_maps, self.files = {}, {}, set()
        self._read(folder.resolve())

    def _read(self, folder):
        text = (folder / "kustomization.yaml").read_text(encoding="utf-8")
        self.files.add(folder / "kustomization.yaml")
        settings = yaml.safe_load(text)
        unknown = set(settings) - FIELDS
        if unknown:
            raise ValueError(f"{folder}: {sorted(unknown)} are not known here")
        for name in settings.get("resources", []) + settings.get("components", []):
            path = (folder / name).resolve()
            if path.is_dir():
                self._read(path)
                continue
            for resource in self._documents(path):
                if identity(resource) in self.resources:
                    raise ValueError(f"{path}: {identity(resource)} is there already")
                self.resources[identity(resource)] = resource
        for generated in settings.get("configMapGenerator", []):
            self.config_maps[generated["name"]] = dict(text.split("=", 1) for text in generated["literals"])
        for patch in settings.get("patches", []):
            for change in self._documents(folder / patch["path"]):
                if identity(change) not in self.resources:
                    raise ValueError(f"{patch['path']}: nothing to patch")
                self.resources[identity(change)] = merge(self.resources[identity(change)], change)
        for labels in settings.get("labels", []):
            for resource in self.resources.values():
                add_labels(resource, labels)

    def _documents(self, path):
        self.files.add(path)
        return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]

    def one(self, kind):
        found = [resource for (_, name, _), resource in self.resources.items() if name == kind]
        if len(found) != 1:
            raise ValueError(f"{len(found)} resources of kind {kind}")
        return found[0]
