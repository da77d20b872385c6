"""Python's `kubernetes` as programs use it: `python clients.py NAME` runs one test. KUBECONFIG names the server; RESTART restarts it."""

import json
import os
import subprocess
import sys
import threading
import time

from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import portforward, stream

SERVE = "require('http').createServer((_, answer) => answer.end('hello from the pod')).listen(8080); console.log('listening')"


def namespace():
    name = client.CoreV1Api().create_namespace({"metadata": {"generateName": "python-"}}).metadata.name
    eventually("the default ServiceAccount", lambda: client.CoreV1Api().read_namespaced_service_account("default", name))
    return name


def eventually(what, holds, seconds=30):
    end = time.monotonic() + seconds
    while True:
        try:
            found = holds()
            if found:
                return found
        except (ApiException, OSError):
            pass
        except Exception as error:  # urllib3's, while the server is away
            if "urllib3" not in type(error).__module__:
                raise
        assert time.monotonic() < end, f"{what}: not so after {seconds} s"
        time.sleep(0.1)


def refused(code, action):
    try:
        action()
    except ApiException as error:
        assert error.status == code, error
        return error
    raise AssertionError(f"not refused with {code}")


def config_map(name, data=None, labels=None):
    metadata = {"name": name, "labels": labels} if labels else {"name": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {}}


def pod(name, command, policy="Never"):
    return {
        "metadata": {"name": name},
        "spec": {
            "restartPolicy": policy,
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "main", "image": "busybox", "command": command}],
        },
    }


def server(core, ns):
    core.create_namespaced_pod(ns, pod("server", ["node", "-e", SERVE]))
    eventually("the pod listens", lambda: "listening" in core.read_namespaced_pod_log("server", ns))


def test_objects_and_patch_types():
    core, apps, ns = client.CoreV1Api(), client.AppsV1Api(), namespace()
    made = core.create_namespaced_config_map(ns, config_map("a", {"a": "1"}))
    assert made.data == {"a": "1"} and made.metadata.uid
    refused(409, lambda: core.create_namespaced_config_map(ns, config_map("a")))
    core.patch_namespaced_config_map("a", ns, {"data": {"b": "2"}})  # strategic merge, its default
    patched = core.patch_namespaced_config_map("a", ns, [{"op": "add", "path": "/data/c", "value": "3"}])
    assert patched.data == {"a": "1", "b": "2", "c": "3"}, patched.data
    made.data = {"a": "9"}
    refused(409, lambda: core.replace_namespaced_config_map("a", ns, made))
    containers = [{"name": "main", "image": "busybox"}]
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    apps.create_namespaced_deployment(ns, {"metadata": {"name": "web"}, "spec": spec})
    apps.patch_namespaced_deployment("web", ns, {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "busybox"}]}}}})
    names = [each.name for each in apps.read_namespaced_deployment("web", ns).spec.template.spec.containers]
    assert sorted(names) == ["main", "side"], names
    assert apps.patch_namespaced_deployment_scale("web", ns, {"spec": {"replicas": 1}}).spec.replicas == 1
    invalid = refused(422, lambda: apps.create_namespaced_deployment(ns, {"metadata": {"name": "no"}, "spec": {**spec, "selector": {}}}))
    assert "spec.selector" in invalid.body
    pages, token = 0, None
    while True:
        page = core.list_namespaced_config_map(ns, limit=1, _continue=token)
        pages, token = pages + len(page.items), page.metadata._continue
        if not token:
            break
    assert pages == len(core.list_namespaced_config_map(ns).items) >= 2
    core.delete_collection_namespaced_config_map(ns, field_selector="metadata.name=a")
    refused(404, lambda: core.read_namespaced_config_map("a", ns))


def test_server_side_apply():
    ns, dyn = namespace(), dynamic.DynamicClient(client.ApiClient())
    maps = dyn.resources.get(api_version="v1", kind="ConfigMap")
    maps.server_side_apply(body=config_map("owned", {"a": "1"}), namespace=ns, field_manager="first")
    conflict = refused(409, lambda: maps.server_side_apply(body=config_map("owned", {"a": "2"}), namespace=ns, field_manager="second"))
    assert 'conflict with "first": .data.a' in json.loads(conflict.body)["message"], conflict.body
    forced = maps.server_side_apply(body=config_map("owned", {"a": "2"}), namespace=ns, field_manager="second", force_conflicts=True)
    assert forced.data.a == "2"
    assert [each.manager for each in forced.metadata.managedFields] == ["second"], forced.metadata.managedFields


def test_custom_objects():
    ns, extensions, custom = namespace(), client.ApiextensionsV1Api(), client.CustomObjectsApi()
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}, "color": {"type": "string", "default": "red"}}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}}}
    names = {"plural": "things", "kind": "Thing"}
    definition = {"metadata": {"name": "things.python.example.com"}, "spec": {"group": "python.example.com", "scope": "Namespaced", "names": names, "versions": [version]}}
    extensions.create_custom_resource_definition(definition)
    try:
        where = ("python.example.com", "v1", ns, "things")
        body = {"apiVersion": "python.example.com/v1", "kind": "Thing", "metadata": {"name": "one"}, "spec": {"size": 1}}
        made = eventually("the kind is served", lambda: custom.create_namespaced_custom_object(*where, body))
        assert made["spec"] == {"size": 1, "color": "red"}, made
        assert custom.patch_namespaced_custom_object(*where, "one", {"spec": {"size": 2}})["spec"]["size"] == 2
        refused(422, lambda: custom.patch_namespaced_custom_object(*where, "one", {"spec": {"size": 0}}))
        assert len(custom.list_namespaced_custom_object(*where)["items"]) == 1
        custom.delete_namespaced_custom_object(*where, "one")
    finally:
        extensions.delete_custom_resource_definition("things.python.example.com")


def test_watch_with_timeout_and_expired_version():
    core, ns = client.CoreV1Api(), namespace()
    version = core.list_namespaced_config_map(ns).metadata.resource_version
    core.create_namespaced_config_map(ns, config_map("seen", labels={"watched": "yes"}))
    core.delete_namespaced_config_map("seen", ns)
    started = time.monotonic()
    follow = watch.Watch().stream(core.list_namespaced_config_map, ns, resource_version=version, label_selector="watched=yes", timeout_seconds=1)
    assert [event["type"] for event in follow] == ["ADDED", "DELETED"]
    assert time.monotonic() - started < 20
    for turn in range(40):  # more than the server remembers
        body = config_map("large", {"a": f"{turn % 10}" * 900_000})
        core.replace_namespaced_config_map("large", ns, body) if turn else core.create_namespaced_config_map(ns, body)
    refused(410, lambda: list(watch.Watch().stream(core.list_namespaced_config_map, ns, resource_version=version, timeout_seconds=1)))


def test_logs():
    core, ns = client.CoreV1Api(), namespace()
    core.create_namespaced_pod(ns, pod("talker", ["sh", "-c", "for i in 1 2 3; do echo line $i; sleep 0.2; done"]))
    eventually("the pod has started", lambda: core.read_namespaced_pod_status("talker", ns).status.phase != "Pending")
    lines = list(watch.Watch().stream(core.read_namespaced_pod_log, "talker", ns, follow=True))
    assert lines == ["line 1", "line 2", "line 3"], lines
    assert core.read_namespaced_pod_log("talker", ns, tail_lines=1) == "line 3\n"


def test_stream_exec():
    core, ns = client.CoreV1Api(), namespace()
    server(core, ns)
    said = stream(core.connect_get_namespaced_pod_exec, "server", ns, command=["echo", "hello"], stdout=True, stderr=True)
    assert said.strip() == "hello", said
    session = stream(
        core.connect_get_namespaced_pod_exec, "server", ns, command=["sh", "-c", "read line; echo heard $line; echo problem >&2; exit 7"],
        stdin=True, stdout=True, stderr=True, _preload_content=False,
    )
    session.write_stdin("something\n")
    session.run_forever(timeout=20)
    assert (session.read_stdout(), session.read_stderr()) == ("heard something\n", "problem\n")
    assert session.returncode == 7, session.returncode


def test_stream_port_forward():
    core, ns = client.CoreV1Api(), namespace()
    server(core, ns)
    forwarded = portforward(core.connect_get_namespaced_pod_portforward, "server", ns, ports="8080")
    socket = forwarded.socket(8080)
    socket.setblocking(True)
    socket.sendall(b"GET / HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n")
    answer = b""
    while chunk := socket.recv(1024):
        answer += chunk
    assert answer.endswith(b"hello from the pod"), answer
    assert forwarded.error(8080) is None, forwarded.error(8080)


def test_restart_a_watch_that_goes_on():
    """The informer that people write: list, watch from there, list again when the watch is too old or gone."""
    core, ns = client.CoreV1Api(), namespace()
    seen, ended = set(), threading.Event()

    def informer():
        while not ended.is_set():
            try:
                listed = core.list_namespaced_config_map(ns, label_selector="seen=yes")
                seen.clear()
                seen.update(each.metadata.name for each in listed.items)
                for event in watch.Watch().stream(
                    core.list_namespaced_config_map, ns, label_selector="seen=yes", resource_version=listed.metadata.resource_version, timeout_seconds=5
                ):
                    change = seen.discard if event["type"] == "DELETED" else seen.add
                    change(event["object"].metadata.name)
            except Exception:
                time.sleep(0.1)

    thread = threading.Thread(target=informer, daemon=True)
    thread.start()
    core.create_namespaced_config_map(ns, config_map("before", labels={"seen": "yes"}))
    eventually("the first is seen", lambda: seen == {"before"})
    subprocess.run(os.environ["RESTART"].split(), check=True, stdout=subprocess.DEVNULL)
    eventually("the server answers", lambda: core.create_namespaced_config_map(ns, config_map("after", labels={"seen": "yes"})))
    eventually("the second is seen", lambda: seen == {"before", "after"})
    ended.set()


if __name__ == "__main__":
    config.load_kube_config()
    globals()[f"test_{sys.argv[1]}"]()
