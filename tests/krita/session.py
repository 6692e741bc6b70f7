"""A real Krita in a home of its own, with the plug-in under test among links to Krita's own."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import textwrap

SYSTEM_PLUGINS = pathlib.Path(os.environ["LOWKEY_SYSTEM_LIBRARIES"]) / "kritaplugins"
PLUGIN = pathlib.Path(os.environ["LOWKEY_KRITA_PLUGIN"])
FAKE_WORKER = pathlib.Path(os.environ["LOWKEY_FAKE_WORKER"])
PROFILES = pathlib.Path(os.environ["LOWKEY_BUILD"]) / "tests/krita/profile"
COMMAND = os.environ.get("LOWKEY_TEST_COMMAND", "")
TOOL_PACK = os.environ.get("LOWKEY_TEST_PACK", "")


class Session:
    """Folders, environment and helpers of one test; removed with it."""

    def __init__(self, worker, making_profile=False):
        """`worker`: a behaviour of the fake worker, "real" for the command, "missing" for none."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lowkey-krita-"))
        self.environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("XDG_", "KRITA_", "QT_", "LOWKEY_")) and key != "DISPLAY"
        }
        home = self.folder / "home"
        self.making_profile = making_profile
        self.copy_profile(home)
        for name in ("config", "cache", "data", "run"):
            (home / name).mkdir(parents=True, exist_ok=True)
        (home / "run").chmod(0o700)
        self.environment |= {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_RUNTIME_DIR": str(home / "run"),
            "LC_ALL": "C.UTF-8",
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "2"),
            "KRITA_PLUGIN_PATH": str(self.link_plugins()),
            "QT_LOGGING_RULES": "krita*=false;lowkey.krita.info=true",
        }
        self.use_worker(worker)

    def copy_profile(self, home):
        """Krita's first start fills its resource folder for the better part of a minute: once for all."""
        template = PROFILES / "home"
        if not template.exists() and not self.making_profile:
            maker = Session("missing", making_profile=True)
            try:
                maker.run_script("def body(): pass")
                PROFILES.mkdir(parents=True, exist_ok=True)
                shutil.copytree(maker.folder / "home", template, symlinks=True)
            finally:
                maker.close()
        if template.exists():
            shutil.copytree(template, home, symlinks=True)

    def link_plugins(self):
        links = self.folder / "plugins"
        links.mkdir()
        for plugin in SYSTEM_PLUGINS.glob("*.so"):
            if plugin.name != PLUGIN.name:
                (links / plugin.name).symlink_to(plugin)
        (links / PLUGIN.name).symlink_to(PLUGIN)
        return links

    def use_worker(self, worker):
        command = self.folder / "worker"
        pids = self.folder / "pids"
        if worker == "missing":
            self.environment["LOWKEY_COMMAND"] = str(self.folder / "no-such-command")
            return
        if worker == "real":
            start = f'exec "{COMMAND}" "$@"'
            if TOOL_PACK:
                self.environment["LOWKEY_PACK"] = TOOL_PACK
        else:
            start = f'exec "{FAKE_WORKER}" worker --pack {worker} --idle-seconds 60'
        command.write_text(f'#!/bin/sh\necho $$ >>"{pids}"\n{start}\n')
        command.chmod(0o755)
        self.environment["LOWKEY_COMMAND"] = str(command)

    def worker_pids(self):
        pids = self.folder / "pids"
        return [int(line) for line in pids.read_text().split()] if pids.exists() else []

    def run_script(self, body, *, timeout=300, wait=True):
        """Runs Python inside a headless Krita. The result is judged by what the script writes."""
        scripts = self.folder / "scripts"
        scripts.mkdir(exist_ok=True)
        name = f"script{len(list(scripts.glob('*.py')))}"
        (scripts / f"{name}.py").write_text(PRELUDE + textwrap.dedent(body) + EPILOGUE)
        environment = self.environment | {
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": str(scripts),
            "FOLDER": str(self.folder),
        }
        process = subprocess.Popen(
            ["kritarunner", "-s", name, "-f", "main"],
            env=environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        if not wait:
            return process
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            raise AssertionError(f"Krita did not finish:\n{output}") from None
        # It sometimes aborts while it goes; the script says itself whether it came to its end.
        if "SCRIPT-DONE" not in output:
            raise AssertionError(f"the script did not come to its end:\n{output}")
        return output

    def close(self):
        for pid in self.worker_pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.folder, ignore_errors=True)


PRELUDE = '''
import os, sys, time, traceback
from krita import Krita, InfoObject, Selection

FOLDER = os.environ["FOLDER"]
app = Krita.instance()
app.setBatchmode(True)


def parameters(**values):
    info = InfoObject()
    for key, value in values.items():
        info.setProperty(key, value)
    return info


def lowkey(**values):
    found = app.filter("lowkey")
    assert found is not None and found.name() == "lowkey", "the filter is not registered"
    configuration = found.configuration()
    for key, value in values.items():
        configuration.setProperty(key, value)
    found.setConfiguration(configuration)
    return found


def open_picture(name):
    document = app.openDocument(os.path.join(FOLDER, name))
    document.setBatchmode(True)
    return document


def add_layer(document, filter, selection=None):
    selection = selection or everything(document)
    layer = document.createFilterLayer("LowKey", filter, selection)
    document.rootNode().addChildNode(layer, None)
    document.refreshProjection()
    document.waitForDone()
    return layer


def add_mask(document, node, filter, selection=None):
    mask = document.createFilterMask("LowKey", filter, selection or everything(document))
    node.addChildNode(mask, None)
    document.refreshProjection()
    document.waitForDone()
    return mask


def everything(document):
    selection = Selection()
    selection.select(0, 0, document.width(), document.height(), 255)
    return selection


def export(document, name):
    document.waitForDone()
    assert document.exportImage(os.path.join(FOLDER, name), parameters(
        alpha=True, forceSRGB=False, interlaced=False, compression=1, saveSRGBProfile=False))


def close(document):
    document.setModified(False)
    document.close()
    time.sleep(1)  # closing at once sometimes aborts

'''

EPILOGUE = '''

def main(args=()):
    try:
        body()
        print("SCRIPT-DONE", flush=True)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
'''
