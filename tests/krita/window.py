"""Krita in a window under Xvfb, steered from inside by a small Python plug-in and by mouse and keys."""

import json
import os
import pathlib
import signal
import subprocess
import time

from session import PLUGIN, Session

DRIVER = pathlib.Path(__file__).with_name("driver.py")


class Window(Session):
    def __init__(self, worker):
        super().__init__(worker)
        self.count = 0
        self.processes = []
        self.prepare_profile()

    def prepare_profile(self):
        home = self.folder / "home"
        plugin = home / "data" / "krita" / "pykrita"
        (plugin / "lowkey_driver").mkdir(parents=True, exist_ok=True)
        (plugin / "lowkey_driver" / "__init__.py").write_text(DRIVER.read_text())
        (plugin / "lowkey_driver.desktop").write_text(
            "[Desktop Entry]\nType=Service\nServiceTypes=Krita/PythonPlugin\n"
            "X-KDE-Library=lowkey_driver\nX-Python-2-Compatible=false\nX-Krita-Manual=\nName=Driver\n")
        (home / "config" / "kritarc").write_text(
            "[python]\nenable_lowkey_driver=true\n[General]\nrecoverAutoSave=false\n"
            "HideSplashScreen=true\nupdateCheck=false\n[theme]\nTheme=Krita dark\n")
        (self.folder / "commands").mkdir()

    def start(self, *files, program="krita"):
        read, write = os.pipe()
        xvfb = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
            pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        self.processes.append(xvfb)
        with os.fdopen(read) as display:
            self.environment["DISPLAY"] = ":" + display.readline().strip()
        self.processes.append(subprocess.Popen(["openbox"], env=self.environment,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        with open(self.folder / "krita.log", "wb") as log:
            self.krita = subprocess.Popen(
                [program, "--nosplash", *map(str, files)], cwd=self.folder, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
                env=self.environment | {"LIBGL_ALWAYS_SOFTWARE": "1", "FOLDER": str(self.folder)})
        self.processes.append(self.krita)
        self.do("pass", timeout=120)
        if files:
            self.wait_for("app.activeDocument() is not None", 60)
            self.do("app.activeWindow().qwindow().showMaximized()\napp.activeDocument().waitForDone()")

    def do(self, code, timeout=60):
        """Runs code in Krita's main thread; what it assigns to `result` is returned."""
        self.count += 1
        command = self.folder / "commands" / f"{self.count}.py"
        answer = command.with_suffix(".json")
        command.with_suffix(".part").write_text(code)
        command.with_suffix(".part").rename(command)
        deadline = time.monotonic() + timeout
        while not answer.exists():
            if self.krita.poll() is not None:
                raise AssertionError(f"Krita ended with {self.krita.returncode}:\n{self.output()}")
            if time.monotonic() > deadline:
                self.screenshot("/tmp/lowkey-krita-timeout.png")
                raise AssertionError(f"no answer to {code!r}:\n{self.output()}")
            time.sleep(0.02)
        reply = json.loads(answer.read_text())
        if "error" in reply:
            raise AssertionError(reply["error"])
        return reply["result"]

    def wait_for(self, condition, timeout=60, meanwhile=lambda: None):
        """`meanwhile` is done again each time that the condition is not true yet."""
        deadline = time.monotonic() + timeout
        while not self.do(f"result = bool({condition})"):
            if time.monotonic() > deadline:
                self.screenshot("/tmp/lowkey-krita-timeout.png")
                raise AssertionError(f"never became true: {condition}\n{self.output()}")
            meanwhile()
            time.sleep(0.1)

    def output(self):
        return (self.folder / "krita.log").read_text(errors="replace")

    def click(self, place):
        """`place`: an expression for a point of the screen, as [x, y]."""
        x, y = self.do(f"result = {place}")
        subprocess.run(["xdotool", "mousemove", str(x), str(y), "click", "1"],
                       env=self.environment, check=True)

    def open_menu(self, bar, menu, shows):
        """Clicks `menu` in the menu bar, an expression, until a menu that `shows` this entry is open: a
        window that is still being laid out takes a click for another place."""
        def click():
            self.do("other = QApplication.activePopupWidget()\nother and other.close()")
            self.click(f"place_of({bar}, {menu!r})")
            time.sleep(1)
        self.wait_for(f"place_of(QApplication.activePopupWidget(), {shows!r})", meanwhile=click)

    def drag(self, start, end):
        """With the left button, between two points given as for click()."""
        (x, y), (to_x, to_y) = self.do(f"result = {start}"), self.do(f"result = {end}")
        path = [f"mousemove {x + (to_x - x) * i // 20} {y + (to_y - y) * i // 20} sleep 0.02" for i in range(21)]
        commands = f"mousemove {x} {y} sleep 0.2 mousedown 1 {' '.join(path)} mouseup 1"
        subprocess.run(["xdotool", *commands.split()], env=self.environment, check=True)

    def screenshot(self, path):
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=False)

    def memory(self):
        """Resident megabytes now and at the highest since the last reset_peak()."""
        status = pathlib.Path(f"/proc/{self.krita.pid}/status").read_text()
        value = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return tuple(int(value[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))

    def reset_peak(self):
        pathlib.Path(f"/proc/{self.krita.pid}/clear_refs").write_text("5")

    def quit(self):
        self.do("for document in app.documents():\n    document.setModified(False)\n"
                "QTimer.singleShot(0, QApplication.quit)")
        self.krita.wait(timeout=60)

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        super().close()
