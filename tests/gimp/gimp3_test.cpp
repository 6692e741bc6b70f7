// The plug-in in a real GIMP 3, by batch. What GIMP 2.10 shares with it is tested there.
#include <glib.h>
#include <gtest/gtest.h>

#include <fstream>

#include "console.h"
#include "lowkey/client.h"
#include "pictures.h"

namespace lowkey::testing {
namespace {

namespace fs = std::filesystem;

class Gimp3 : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        fs::create_directories(folder());
        store(face(), load(fs::path(LOWKEY_TEST_DATA) / "one_face.jpg"));
    }
    static fs::path folder() { return fs::path(LOWKEY_TEST_FOLDER) / "files"; }
    static fs::path face() { return folder() / "face.png"; }
    static fs::path out(const std::string& name) {
        fs::remove(folder() / name);
        return folder() / name;
    }
    static cv::Mat expected(const cv::Mat& pixels) {
        Options options;
        options.iterations = 3;
        Client client({LOWKEY_TEST_COMMAND, LOWKEY_TEST_PACK, "auto", 300});
        return to_mat(client.cloak(to_picture(pixels).view(), options).picture);
    }
    // What a person types into the Python console, by GIMP's Python batch.
    static ConsoleRun run_python(const std::string& script, const Environment& environment = {}) {
        return run_console(script, "--quit --batch-interpreter=python-fu-eval -b \"$SCRIPT\"",
                           environment);
    }
    static std::string python_on_face(const std::string& body) {
        return "image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(" +
               quoted(face().string()) +
               "))\n"
               "layers = image.get_selected_layers()\n"
               "procedure = Gimp.get_pdb().lookup_procedure('plug-in-lowkey')\n"
               "config = procedure.create_config()\n"
               "config.set_property('image', image)\n"
               "config.set_core_object_array('drawables', layers)\n" +
               body;
    }
};

TEST_F(Gimp3, GivesTheWorkersPixels) {
    const fs::path to = out("cloaked.png");
    const ConsoleRun run = run_gimp(on_file(face(), cloak(), to));
    ASSERT_TRUE(run.finished) << run.output;
    EXPECT_FALSE(same(load(to), load(face())));
    EXPECT_TRUE(same(load(to), expected(load(face()))));
}

TEST_F(Gimp3, LetsArgumentsBeLeftOut) {
    const fs::path to = out("named.png");
    const ConsoleRun run = run_gimp(
        on_file(face(), "(plug-in-lowkey #:image image #:drawables layers #:iterations 3)", to));
    ASSERT_TRUE(run.finished) << run.output;
    EXPECT_TRUE(same(load(to), expected(load(face()))));
}

// A JPEG through GIMP and through the command: the same decoder, the same pixels.
TEST_F(Gimp3, GivesTheCommandsPixels) {
    const fs::path photo = fs::path(LOWKEY_TEST_DATA) / "one_face.jpg";
    const fs::path by_command = out("by_command.png"), by_gimp = out("by_gimp.png");
    const std::string command = "'" LOWKEY_TEST_COMMAND "' cloak --pack '" LOWKEY_TEST_PACK
                                "' --iterations 3 -o '" +
                                by_command.string() + "' '" + photo.string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    const ConsoleRun run = run_gimp(on_file(photo, cloak(), by_gimp));
    ASSERT_TRUE(run.finished) << run.output;
    EXPECT_TRUE(same(load(by_gimp), load(by_command)));
}

TEST_F(Gimp3, RunsFromPythonAndKeepsSelectionAndLayers) {
    const cv::Mat clean = load(face());
    const cv::Rect all = changed(clean, expected(clean));
    const cv::Rect most(all.x, all.y, all.width * 2 / 3, all.height);
    const fs::path to = out("python.png");
    const ConsoleRun run = run_python(python_on_face(
        "image.select_rectangle(Gimp.ChannelOps.REPLACE, " + std::to_string(most.x) + ", " +
        std::to_string(most.y) + ", " + std::to_string(most.width) + ", " +
        std::to_string(most.height) +
        ")\n"
        "config.set_property('iterations', 3)\n"
        "print('RESULT', procedure.run(config).index(0) == Gimp.PDBStatusType.SUCCESS)\n"
        "print('SELECTED', Gimp.Selection.bounds(image).non_empty)\n"
        "print('LAYERS', image.get_selected_layers() == layers, len(image.get_channels()))\n"
        "Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(" +
        quoted(to.string()) + "), None)"));
    EXPECT_NE(run.output.find("RESULT True"), std::string::npos) << run.output;
    EXPECT_NE(run.output.find("SELECTED True"), std::string::npos) << run.output;
    EXPECT_NE(run.output.find("LAYERS True 0"), std::string::npos) << run.output;
    cv::Mat mask(clean.size(), CV_8U, cv::Scalar(0));
    mask(most) = 255;
    EXPECT_FALSE(same(load(to), clean));
    EXPECT_TRUE(same_outside(load(to), clean, mask));
}

// A catalogue in `locale` beside the plug-in, of the usual domain.
TEST_F(Gimp3, SpeaksAnotherLanguage) {
    const fs::path plugins = folder() / "translated", locales = folder() / "locales";
    const fs::path catalogue = plugins / "lowkey/locale/de/LC_MESSAGES";
    fs::remove_all(plugins);
    fs::create_directories(catalogue);
    fs::copy_file(LOWKEY_PLUGIN "/lowkey/lowkey", plugins / "lowkey/lowkey");
    std::ofstream(folder() / "de.po") << R"(msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\n"
msgid "LowKe_y..."
msgstr "Tarnkappe..."
msgid ""
"The faces \"%s\" cannot be read. Give numbers from 0 with commas between them, "
"such as \"0,2\", or nothing for all faces."
msgstr "Gesichter %s?"
)";
    const std::string msgfmt = "msgfmt -o '" + (catalogue / "lowkey.mo").string() + "' '" +
                               (folder() / "de.po").string() + "'";
    ASSERT_EQ(std::system(msgfmt.c_str()), 0) << msgfmt;
    // Texts are translated only where the locale is not C: its data under another name will do.
    fs::remove_all(locales);
    fs::create_directories(locales);
    fs::copy("/usr/lib/locale/C.utf8", locales / "de_DE.utf8", fs::copy_options::recursive);
    g_setenv("LOCPATH", locales.c_str(), TRUE);
    g_setenv("LC_ALL", "de_DE.UTF-8", TRUE);
    const ConsoleRun run = run_python(python_on_face("config.set_property('faces', 'a;b')\n"
                                                     "procedure.run(config)\n"
                                                     "print('LABEL', procedure.get_menu_label())"),
                                      {LOWKEY_TEST_COMMAND, LOWKEY_TEST_PACK, plugins.string()});
    g_unsetenv("LOCPATH");
    g_unsetenv("LC_ALL");
    EXPECT_NE(run.output.find("LABEL Tarnkappe..."), std::string::npos) << run.output;
    EXPECT_NE(run.output.find("Gesichter a;b?"), std::string::npos) << run.output;
}

TEST_F(Gimp3, CloaksSeveralLayersInOneRun) {
    const fs::path first = out("layer_1.png"), second = out("layer_2.png");
    const auto save = [](const std::string& layer, const fs::path& to) {
        // A picture of its own for each layer, because a file shows what is visible.
        return "(let* ((single (car (gimp-image-new (car (gimp-drawable-get-width " + layer +
               ")) (car (gimp-drawable-get-height " + layer +
               ")) RGB))) (copy (car (gimp-layer-new-from-drawable " + layer +
               " single)))) (gimp-image-insert-layer single copy -1 0)"
               "(gimp-layer-set-offsets copy 0 0)"
               "(gimp-file-save RUN-NONINTERACTIVE single " +
               quoted(to.string()) + " -1) (gimp-image-delete single))";
    };
    const std::string body =
        "(let* ((copy (car (gimp-layer-copy layer)))) (gimp-image-insert-layer image copy -1 0)"
        "(gimp-layer-set-offsets copy 40 30)"
        "(plug-in-lowkey #:image image #:drawables (vector layer copy) #:iterations 3)" +
        save("layer", first) + save("copy", second) + ")";
    const ConsoleRun run = run_gimp(on_file(face(), body, out("both.png")));
    ASSERT_TRUE(run.finished) << run.output;
    const cv::Mat wanted = expected(load(face()));
    EXPECT_TRUE(same(load(first), wanted));
    EXPECT_TRUE(same(load(second), wanted));
}

TEST_F(Gimp3, SaysWhatToDoWhereThereIsNoFace) {
    store(out("empty.png"), cv::Mat(200, 200, CV_8UC3, cv::Scalar(90, 90, 90)));
    const ConsoleRun run = run_gimp(on_file(folder() / "empty.png", cloak(), out("never.png")));
    EXPECT_EQ(run.exit_status, 70) << "GIMP's own for a batch command that failed";
    EXPECT_NE(run.output.find("Draw a selection around the face"), std::string::npos) << run.output;
    EXPECT_FALSE(fs::exists(folder() / "never.png"));
}

TEST_F(Gimp3, RefusesAnIndexedImage) {
    const ConsoleRun run = run_gimp(on_file(face(),
                                            "(gimp-image-convert-indexed image CONVERT-DITHER-NONE "
                                            "CONVERT-PALETTE-GENERATE 64 FALSE FALSE \"\")" +
                                                cloak(),
                                            out("indexed.png")));
    EXPECT_FALSE(run.finished);
    EXPECT_NE(run.output.find("indexed"), std::string::npos) << run.output;
}

TEST_F(Gimp3, SaysThatTheCommandIsMissing) {
    const ConsoleRun run =
        run_gimp(on_file(face(), cloak(), out("missing.png")), {"/nonexistent", LOWKEY_TEST_PACK});
    EXPECT_FALSE(run.finished);
    EXPECT_NE(run.output.find("/nonexistent"), std::string::npos) << run.output;
}

TEST_F(Gimp3, ExampleCloaksAFolderAndNamesWhatItCannot) {
    const fs::path in = folder() / "in", to = folder() / "to";
    fs::remove_all(in);
    fs::remove_all(to);
    fill_with_photos(in, face());
    const std::string call = "(load " + quoted(LOWKEY_EXAMPLES "/cloak-folder-gimp3.scm") +
                             ") (lowkey-cloak-folder " + quoted((in / "*.png").string()) + " " +
                             quoted(to.string()) + " \"light\")";
    EXPECT_NE(run_gimp(call).output.find("Create this folder first"), std::string::npos);
    fs::create_directories(to);
    const ConsoleRun run = run_gimp(call);
    EXPECT_TRUE(run.finished) << run.output;
    EXPECT_TRUE(fs::exists(to / "a.png"));
    EXPECT_FALSE(fs::exists(to / "b.png"));
    EXPECT_TRUE(fs::exists(to / "c.png"));
    EXPECT_FALSE(fs::exists(to / "d.png"));
    EXPECT_NE(run.output.find("Cloaked 2, not cloaked 2"), std::string::npos) << run.output;
}

}  // namespace
}  // namespace lowkey::testing
