// A JSON object read strictly: every key has a type and a range, and unknown keys are errors.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lowkey::model {

// All members throw Error(pack) whose message starts with `where`, the file and place for people.
class JsonObject {
  public:
    JsonObject(const nlohmann::json& value, std::string where);

    bool has(const std::string& key) const { return value_.contains(key); }
    std::string text(const std::string& key);
    std::string text(const std::string& key, const std::string& fallback);
    bool boolean(const std::string& key, bool fallback);
    double number(const std::string& key, double low, double high);
    double number(const std::string& key, double low, double high, double fallback);
    int integer(const std::string& key, int low, int high);
    int integer(const std::string& key, int low, int high, int fallback);
    // A list of `count` whole numbers.
    std::vector<int> integers(const std::string& key, std::size_t count, int low, int high,
                              const std::vector<int>& fallback);
    // One number for all three channels, or a list of three.
    std::vector<double> channels(const std::string& key, double low, double high);
    JsonObject object(const std::string& key);
    std::vector<JsonObject> objects(const std::string& key);
    const nlohmann::json& raw(const std::string& key);

    // Throws if a key is left that nobody asked for: a misspelt option must not be ignored.
    void finish() const;
    [[noreturn]] void fail(const std::string& what) const;

  private:
    const nlohmann::json* find(const std::string& key);
    const nlohmann::json& need(const std::string& key);

    nlohmann::json value_;
    std::string where_;
    std::set<std::string> used_;
};

}  // namespace lowkey::model
