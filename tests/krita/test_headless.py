"""The filter in a real Krita without a window: destructive, as layer and as mask; faults; colours."""

import os
import re
import shutil
import signal
import subprocess
import time
import unittest

import pictures
from pictures import DATA, Pixels
from session import COMMAND, Session


def computed(output):
    return output.count("lowkey.krita: computed")


class HeadlessTest(unittest.TestCase):
    worker = "good"

    def setUp(self):
        self.session = Session(self.worker)
        self.addCleanup(self.session.close)
        self.folder = self.session.folder

    def pixels(self, name):
        return Pixels(self.folder / name)


class Caching(HeadlessTest):
    """The fake worker inverts the middle sixteenth of any picture."""

    def test_one_computation_per_update_and_none_on_reopening(self):
        pictures.noise(self.folder / "in.png", 3000, 2000)
        output = self.session.run_script('''
            def body():
                document = open_picture("in.png")
                add_layer(document, lowkey(strength=70))
                export(document, "out.png")
                document.saveAs(FOLDER + "/saved.kra")
                close(document)
                document = open_picture("saved.kra")
                document.refreshProjection()
                export(document, "again.png")
                close(document)
        ''')
        self.assertEqual(computed(output), 1, output)
        self.assertEqual(len(self.session.worker_pids()), 1)
        before, after = self.pixels("in.png"), self.pixels("out.png")
        self.assertEqual(after.pixel(10, 10), before.pixel(10, 10))
        self.assertEqual(
            after.pixel(1500, 1000), tuple(255 - v for v in before.pixel(1500, 1000)[:3]) + (255,))
        self.assertEqual(self.pixels("again.png"), after)

        output = self.session.run_script('''
            def body():
                document = open_picture("saved.kra")
                document.refreshProjection()
                export(document, "next_day.png")
                close(document)
        ''')
        self.assertEqual(computed(output), 0, output)
        self.assertIn("lowkey.krita: disk", output)
        self.assertEqual(len(self.session.worker_pids()), 1, "no worker is needed for a known result")
        self.assertEqual(self.pixels("next_day.png"), after)
        results = self.folder / "home/cache/lowkey/results"
        self.assert_private(results)
        if COMMAND:
            subprocess.run([COMMAND, "models", "--clear-cache"], env=self.session.environment, check=True,
                           capture_output=True)
            self.assertEqual(list(results.iterdir()), [])

    def assert_private(self, results):
        files = [path for path in results.rglob("*") if path.is_file()]
        self.assertTrue(files)
        for path in files:
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_a_stroke_away_from_the_face_computes_nothing(self):
        pictures.noise(self.folder / "in.png", 1600, 1200)
        output = self.session.run_script('''
            def body():
                document = open_picture("in.png")
                add_layer(document, lowkey())
                photo = document.topLevelNodes()[0]
                photo.setPixelData(bytes([0, 0, 255, 255]) * 1600, 20, 20, 40, 40)
                document.refreshProjection()
                export(document, "out.png")
                close(document)
        ''')
        self.assertEqual(computed(output), 1, output)
        self.assertIn("lowkey.krita: moved", output)
        before, after = self.pixels("in.png"), self.pixels("out.png")
        self.assertEqual(after.pixel(30, 30), (255, 0, 0, 255), "the stroke is there")
        self.assertEqual(after.pixel(800, 600)[0], 255 - before.pixel(800, 600)[0], "so is the cloak")

    def test_a_stroke_on_the_face_is_computed(self):
        pictures.noise(self.folder / "in.png", 1600, 1200)
        output = self.session.run_script('''
            def body():
                document = open_picture("in.png")
                add_layer(document, lowkey())
                photo = document.topLevelNodes()[0]
                photo.setPixelData(bytes([0, 0, 255, 255]) * 100, 800, 600, 10, 10)
                document.refreshProjection()
                export(document, "out.png")
                close(document)
        ''')
        self.assertEqual(computed(output), 2, output)
        self.assertEqual(self.pixels("out.png").pixel(805, 605), (0, 255, 255, 255))

    def test_other_settings_are_computed(self):
        pictures.noise(self.folder / "in.png", 800, 600)
        output = self.session.run_script('''
            def body():
                document = open_picture("in.png")
                layer = add_layer(document, lowkey(strength=10))
                layer.setFilter(lowkey(strength=11))
                document.refreshProjection()
                document.waitForDone()
                close(document)
        ''')
        self.assertEqual(computed(output), 2, output)
        self.assertEqual(len(self.session.worker_pids()), 1, "the warm worker is used again")


class WaysToUse(HeadlessTest):
    def test_filter_layer_and_mask_give_the_same(self):
        pictures.noise(self.folder / "in.png", 900, 700)
        output = self.session.run_script('''
            def body():
                document = open_picture("in.png")
                add_layer(document, lowkey())
                export(document, "layer.png")
                close(document)
                document = open_picture("in.png")
                add_mask(document, document.topLevelNodes()[0], lowkey())
                export(document, "mask.png")
                document.saveAs(FOLDER + "/mask.kra")
                close(document)
                document = open_picture("mask.kra")
                document.refreshProjection()
                export(document, "mask_reopened.png")
                close(document)
                document = open_picture("in.png")
                assert lowkey().startFilter(document.topLevelNodes()[0], 0, 0, 900, 700)
                export(document, "filter.png")
                close(document)
                document = open_picture("in.png")
                lowkey().apply(document.topLevelNodes()[0], 0, 0, 900, 700)
                document.refreshProjection()
                export(document, "apply.png")
                close(document)
        ''')
        self.assertEqual(computed(output), 1, output)
        layer = self.pixels("layer.png")
        self.assertIsNotNone(layer.changed(self.pixels("in.png")))
        for other in ("mask.png", "mask_reopened.png", "filter.png", "apply.png"):
            self.assertEqual(self.pixels(other), layer, other)

    def test_only_the_selected_part_changes(self):
        pictures.noise(self.folder / "in.png", 800, 600)
        self.session.run_script('''
            def body():
                left = Selection()
                left.select(0, 0, 400, 600, 255)
                document = open_picture("in.png")
                add_layer(document, lowkey(), left)
                export(document, "layer.png")
                close(document)
                document = open_picture("in.png")
                add_mask(document, document.topLevelNodes()[0], lowkey(), left)
                export(document, "mask.png")
                close(document)
        ''')
        before = self.pixels("in.png")
        self.assertEqual(self.pixels("layer.png").changed(before), (350, 262, 399, 336))
        self.assertEqual(self.pixels("mask.png"), self.pixels("layer.png"))

    def test_a_layer_smaller_than_the_image_and_off_its_origin(self):
        pictures.noise(self.folder / "in.png", 400, 300)
        self.session.run_script('''
            def body():
                document = open_picture("in.png")
                photo = document.topLevelNodes()[0]
                document.resizeImage(-200, -100, 1000, 800)
                assert lowkey().startFilter(photo, 0, 0, 1000, 800)
                export(document, "out.png")
                close(document)
        ''')
        before, after = self.pixels("in.png"), self.pixels("out.png")
        self.assertEqual(after.pixel(5, 5)[3], 0)
        self.assertEqual(after.pixel(200, 100), before.pixel(0, 0))
        self.assertEqual(after.pixel(400, 250)[0], 255 - before.pixel(200, 150)[0])


class Faults(HeadlessTest):
    SCRIPT = '''
        def body():
            document = open_picture("in.png")
            photo = document.topLevelNodes()[0]
            lowkey().startFilter(photo, 0, 0, document.width(), document.height())
            export(document, "filter.png")
            add_layer(document, lowkey(strength=33))
            export(document, "layer.png")
            close(document)
    '''

    def check(self, behaviour, words):
        self.session.use_worker(behaviour)
        pictures.noise(self.folder / "in.png", 1500, 1100)
        output = self.session.run_script(self.SCRIPT)
        self.assertRegex(output, words)
        self.assertEqual(self.pixels("filter.png"), self.pixels("in.png"), "the filter changes nothing")
        self.assert_covered("layer.png")
        told = [line for line in output.splitlines() if line.startswith("LowKey: ")]
        self.assertLessEqual(len(told), 2, "once for the filter, once for the layer")
        return output

    def assert_covered(self, name):
        """No pixel row of the photograph is left, and the cover is opaque and grey."""
        before, after = self.pixels("in.png"), self.pixels(name)
        for y in range(0, after.height, 7):
            row = after.row(y)
            self.assertNotEqual(row, before.row(y))
            for x in range(0, after.width, 31):
                red, green, blue, alpha = row[4 * x: 4 * x + 4]
                self.assertTrue(red == green == blue and alpha == 255, (x, y))

    def test_worker_missing(self):
        self.check("missing", "names .*which is not a program")

    def test_worker_crashes(self):
        self.check("cloak-segv", "LowKey: ")

    def test_worker_out_of_memory(self):
        self.check("cloak-memory", "memory")

    def test_worker_of_another_version(self):
        self.check("other-version", "version|protocol")

    def test_worker_killed_half_way(self):
        self.session.use_worker("slow")
        pictures.noise(self.folder / "in.png", 800, 600)
        process = self.session.run_script('''
            def body():
                document = open_picture("in.png")
                add_layer(document, lowkey())
                export(document, "layer.png")
                close(document)
        ''', wait=False)
        deadline = time.monotonic() + 60
        while not self.session.worker_pids() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1.5)
        os.kill(self.session.worker_pids()[0], signal.SIGKILL)
        output, _ = process.communicate(timeout=120)
        self.assertIn("SCRIPT-DONE", output)
        self.assert_covered("layer.png")
        self.assertIn("hides the picture", output)

    def test_the_worker_ends_with_krita(self):
        pictures.noise(self.folder / "in.png", 800, 600)
        self.session.run_script('''
            def body():
                document = open_picture("in.png")
                add_layer(document, lowkey())
                close(document)
        ''')
        pid = self.session.worker_pids()[0]
        deadline = time.monotonic() + 5
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertFalse(os.path.exists(f"/proc/{pid}"))

    def test_no_face_passes_the_picture_on_and_says_so(self):
        self.session.use_worker("cloak-no-face")
        pictures.noise(self.folder / "in.png", 800, 600)
        output = self.session.run_script(self.SCRIPT)
        self.assertEqual(self.pixels("filter.png"), self.pixels("in.png"))
        self.assertEqual(self.pixels("layer.png"), self.pixels("in.png"))
        self.assertIn("protects nothing", output)

    def test_a_layer_without_pixels_says_that_nothing_was_protected(self):
        pictures.noise(self.folder / "in.png", 400, 300)
        output = self.session.run_script('''
            def body():
                document = open_picture("in.png")
                empty = document.createNode("new", "paintlayer")
                document.rootNode().addChildNode(empty, None)
                lowkey().startFilter(empty, 0, 0, document.width(), document.height())
                export(document, "out.png")
                close(document)
        ''')
        self.assertIn("no picture to cloak", output)
        self.assertEqual(self.pixels("out.png"), self.pixels("in.png"))

    def test_settings_of_a_hostile_document_are_brought_into_range(self):
        pictures.noise(self.folder / "in.png", 400, 300)
        output = self.session.run_script('''
            def body():
                document = open_picture("in.png")
                add_layer(document, lowkey(strength=-5, iterations=10**9, preset="\\u2603", faces="x,,9999999999",
                                           region="1,2", dialog="no-such", generation=-1))
                export(document, "out.png")
                close(document)
        ''')
        self.assertEqual(computed(output), 1, output)


@unittest.skipUnless(COMMAND, "the lowkey command is not built")
class RealWorker(HeadlessTest):
    worker = "real"
    SETTINGS = ["--preset", "balanced", "--strength", "60", "--iterations", "3"]

    def command(self, source, target):
        subprocess.run([COMMAND, "cloak", *self.SETTINGS, "--output", str(target), str(source)],
                       env=self.session.environment, check=True, capture_output=True, timeout=500)

    def test_pixels_equal_the_commands(self):
        shutil.copy(DATA / "two_faces.png", self.folder / "in.png")
        self.command(self.folder / "in.png", self.folder / "expected.png")
        output = self.session.run_script('''
            def body():
                document = open_picture("in.png")
                add_layer(document, lowkey(preset="balanced", strength=60, iterations=3))
                export(document, "out.png")
                with open("/proc/self/maps") as loaded:
                    print("TORCH", "libtorch" in loaded.read(), flush=True)
                close(document)
        ''', timeout=500)
        self.assertRegex(output, r"computed: \d+x\d+, 2 faces")
        self.assertIn("TORCH False", output)
        expected = self.pixels("expected.png")
        self.assertIsNotNone(expected.changed(self.pixels("in.png")))
        self.assertLessEqual(self.pixels("out.png").largest_difference(expected), 1)

    def test_a_preset_alone_brings_its_own_numbers(self):
        shutil.copy(DATA / "grey_face.png", self.folder / "in.png")
        self.SETTINGS = ["--preset", "light"]  # of 40 steps, so that others show
        self.command(self.folder / "in.png", self.folder / "expected.png")
        self.session.run_script('''
            def body():
                document = open_picture("in.png")
                add_layer(document, lowkey(preset="light"))
                export(document, "out.png")
                close(document)
        ''', timeout=500)
        self.assertLessEqual(self.pixels("out.png").largest_difference(self.pixels("expected.png")), 1)

    def test_a_region_without_a_face_is_cloaked_and_said(self):
        pictures.noise(self.folder / "in.png", 400, 300)
        output = self.session.run_script('''
            def body():
                document = open_picture("in.png")
                add_layer(document, lowkey(preset="paper", iterations=2, region="120,80,120,140"))
                export(document, "out.png")
                close(document)
        ''', timeout=500)
        self.assertRegex(output, "LowKey layer: One face cloaked. No face was found in the region")
        self.assertIsNotNone(self.pixels("out.png").changed(self.pixels("in.png")))

    def test_alpha_is_kept(self):
        pictures.fading(DATA / "one_face.jpg", self.folder / "in.png")
        output = self.session.run_script('''
            def body():
                for model, depth, sample in [
                    ("RGBA", "U8", 1), ("RGBA", "U16", 2), ("RGBA", "F32", 4), ("GRAYA", "U8", 1),
                    ("CMYKA", "U8", 1), ("LABA", "U16", 2),
                ]:
                    document = open_picture("in.png")
                    assert document.setColorSpace(model, depth, app.profiles(model, depth)[0])
                    photo = document.topLevelNodes()[0]
                    document.waitForDone()
                    area = (0, 0, document.width(), document.height())
                    before = bytes(photo.pixelData(*area))
                    lowkey(preset="paper", iterations=2).startFilter(photo, *area)
                    document.waitForDone()
                    after = bytes(photo.pixelData(*area))
                    pixel = len(before) // (area[2] * area[3])
                    assert before != after, (model, depth)
                    for byte in range(pixel - sample, pixel):
                        assert before[byte::pixel] == after[byte::pixel], (model, depth)
                    alphas = {before[i + pixel - sample:i + pixel] for i in range(0, len(before), pixel)}
                    assert len(alphas) > 20, "the picture fades"
                    print("KEPT", model, depth, flush=True)
                    close(document)
        ''', timeout=600)
        self.assertEqual(output.count("KEPT"), 6, output)

    def test_colour_models_keep_what_is_not_cloaked(self):
        shutil.copy(DATA / "one_face.jpg", self.folder / "in.jpg")
        output = self.session.run_script('''
            def body():
                for model, depth, profile in [
                    ("RGBA", "U8", ""), ("RGBA", "U16", ""), ("RGBA", "F16", ""), ("RGBA", "F32", ""),
                    ("GRAYA", "U8", ""), ("GRAYA", "U16", ""), ("CMYKA", "U8", ""), ("LABA", "U16", ""),
                ]:
                    document = open_picture("in.jpg")
                    profile = profile or app.profiles(model, depth)[0]
                    assert document.setColorSpace(model, depth, profile), (model, depth, profile)
                    photo = document.topLevelNodes()[0]
                    document.waitForDone()
                    w, h = document.width(), document.height()
                    corner = photo.pixelData(0, 0, 50, 50)
                    before = photo.pixelData(0, 0, w, h)
                    lowkey(preset="paper", iterations=2).startFilter(photo, 0, 0, w, h)
                    document.waitForDone()
                    after = photo.pixelData(0, 0, w, h)
                    assert photo.pixelData(0, 0, 50, 50) == corner, (model, depth)
                    size = len(bytes(before)) // (w * h)
                    a, b = bytes(before), bytes(after)
                    changed = sum(a[i:i + size] != b[i:i + size] for i in range(0, len(a), size))
                    print("CHANGED", model, depth, changed, w * h, flush=True)
                    export(document, f"{model}-{depth}.png")
                    close(document)
        ''', timeout=600)
        lines = re.findall(r"CHANGED (\S+) (\S+) (\d+) (\d+)", output)
        self.assertEqual(len(lines), 8, output)
        for model, depth, changed, all_pixels in lines:
            self.assertGreater(int(changed), 1000, (model, depth))
            self.assertLess(int(changed), int(all_pixels) // 2, (model, depth))


if __name__ == "__main__":
    unittest.main(verbosity=2)
