# Runs inside Krita's window: takes the tests' commands from a folder and answers beside them.
import json
import os
import traceback

from krita import Extension, InfoObject, Krita, Selection
from PyQt5.QtCore import QPoint, Qt, QTimer
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import (
    QApplication, QCheckBox, QComboBox, QDialog, QDialogButtonBox, QLabel, QMenu, QMessageBox,
    QProgressBar, QPushButton, QSlider, QSpinBox, QTreeView, QWidget)


def widget(kind, text=None, parent=None):
    """The first visible widget of a class (by name or type) with this text in it."""
    everything = parent.findChildren(QWidget) if parent else QApplication.allWidgets()
    for found in everything:
        matches = found.inherits(kind) if isinstance(kind, str) else isinstance(found, kind)
        if matches and found.isVisible() and (text is None or text in found.text().replace("&", "")):
            return found
    return None


def dialog():
    return widget("lowkey::krita::Dialog")


def dialog_state():
    page = dialog()
    if page is None:
        return None
    sliders = page.findChildren(QSlider)
    return {
        "preset": page.findChild(QComboBox).currentText(),
        "strength": sliders[0].value(),
        "iterations": sliders[1].value(),
        "progress": page.findChild(QProgressBar).value(),
        "stop": widget(QPushButton, "Stop", page).isEnabled(),
        "labels": [label.text() for label in page.findChildren(QLabel)],
    }


def messages():
    return [box.text() for box in QApplication.topLevelWidgets()
            if isinstance(box, QMessageBox) and box.isVisible()]


def status():
    return Krita.instance().activeWindow().qwindow().statusBar().currentMessage()


def floating():
    """Whether a message floats over the picture."""
    return widget("KisFloatingMessage") is not None


def canvas_middle(right, down):
    """Where on the screen the canvas has its middle, and so many pixels off it."""
    canvas = widget("KisOpenGLCanvas2") or widget("KisQPainterCanvas")
    point = canvas.mapToGlobal(canvas.rect().center())
    return [point.x() + right, point.y() + down]


def place_of(menu, text):
    """Where on the screen a menu or menu bar shows an entry, or None."""
    for action in menu.actions() if menu else []:
        if action.text().replace("&", "") == text:
            point = menu.mapToGlobal(menu.actionGeometry(action).center())
            return [point.x(), point.y()]
    return None


class Driver(Extension):
    def setup(self):
        self.folder = os.path.join(os.environ["FOLDER"], "commands")
        self.names = dict(globals(), app=Krita.instance(), FOLDER=os.environ["FOLDER"])
        self.busy = False
        self.timer = QTimer()
        self.timer.timeout.connect(self.look)
        self.timer.start(20)

    def createActions(self, window):
        pass

    def look(self):
        if self.busy:  # a command may run an event loop of its own
            return
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".py"):
                self.answer(os.path.join(self.folder, name))

    def answer(self, path):
        self.busy = True
        self.names["result"] = None
        try:
            with open(path) as file:
                code = file.read()
            os.remove(path)
            exec(code, self.names)
            reply = {"result": self.names["result"]}
            json.dumps(reply)
        except BaseException:
            reply = {"error": traceback.format_exc()}
        self.busy = False
        part = path[:-3] + ".tmp"
        with open(part, "w") as file:
            json.dump(reply, file)
        os.rename(part, path[:-3] + ".json")


Krita.instance().addExtension(Driver(Krita.instance()))
