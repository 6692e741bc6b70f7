#include "evaluate/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace lowkey::evaluate {
namespace {

using nlohmann::json;

template <typename... Values>
std::string formatted(const char* format, Values... values) {
    char text[256];
    std::snprintf(text, sizeof text, format, values...);
    return text;
}

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

std::string quality_line(const Outcome& outcome, std::size_t width) {
    const Quality& q = outcome.quality;
    return padded(outcome.ensemble, width) +
           formatted(" %8d %6zu  %.4f  %.4f  %6.3f  %5.1f  %7.1f  %11.1f\n", outcome.strength,
                     outcome.subjects.size(), q.dssim, q.lpips, q.chroma, q.psnr, outcome.seconds,
                     outcome.processor_seconds);
}

std::string rates_line(int strength, Condition condition, const std::string& judge,
                       std::size_t width, const Rates& rates) {
    return formatted("%8d  ", strength) + padded(std::string(name_of(condition)), 11) + "  " +
           padded(judge, width) +
           formatted("  %6.3f  %6.3f  %7.3f  %8.3f  %6.3f  %7.4g\n", rates.rank1, rates.rank5,
                     rates.rank50, rates.true_accept, rates.cosine, rates.not_found);
}

// JSON has no NaN and no infinity.
json number(double value) {
    return std::isfinite(value) ? json(value) : json(nullptr);
}

json encode(const Rates& rates) {
    return {{"rank1", rates.rank1},   {"rank5", rates.rank5},
            {"rank50", rates.rank50}, {"true_accept", rates.true_accept},
            {"cosine", rates.cosine}, {"not_found", rates.not_found}};
}

json encode(const Verdict& verdict, const std::vector<std::string>& subjects) {
    json searches = json::object();
    for (std::size_t i = 0; i < subjects.size(); ++i) {
        const Search& search = verdict.searches[i];
        searches[subjects[i]] = {{"rank", search.rank}, {"cosine", search.cosine}};
    }
    return {{"judge", verdict.judge},
            {"condition", name_of(verdict.condition)},
            {"rates", encode(verdict.rates)},
            {"searches", std::move(searches)}};
}

json encode(const Outcome& outcome) {
    json verdicts = json::array();
    for (const Verdict& verdict : outcome.verdicts)
        verdicts.push_back(encode(verdict, outcome.subjects));
    return {{"ensemble", outcome.ensemble},
            {"strength", outcome.strength},
            {"people", outcome.subjects.size()},
            {"quality",
             {{"dssim", number(outcome.quality.dssim)},
              {"lpips", number(outcome.quality.lpips)},
              {"chroma", number(outcome.quality.chroma)},
              {"psnr", number(outcome.quality.psnr)},
              {"linf", number(outcome.quality.linf)}}},
            {"seconds", outcome.seconds},
            {"processor_seconds", outcome.processor_seconds},
            {"verdicts", std::move(verdicts)}};
}

}  // namespace

std::vector<MeanRates> means_over_judges(const Evaluation& evaluation) {
    std::vector<MeanRates> means;
    std::vector<std::vector<Rates>> members;
    for (const Outcome& outcome : evaluation.outcomes)
        for (const Verdict& verdict : outcome.verdicts) {
            const auto found = std::ranges::find_if(means, [&](const MeanRates& mean) {
                return mean.strength == outcome.strength && mean.condition == verdict.condition;
            });
            const auto place = static_cast<std::size_t>(found - means.begin());
            if (found == means.end()) {
                means.push_back({outcome.strength, verdict.condition, {}});
                members.emplace_back();
            }
            members[place].push_back(verdict.rates);
        }
    for (std::size_t i = 0; i < means.size(); ++i) means[i].rates = mean_of(members[i]);
    return means;
}

std::string to_table(const Evaluation& evaluation) {
    std::string text =
        "Cloaks: pack " + evaluation.pack + ", preset " + evaluation.preset + ", " +
        std::to_string(evaluation.iterations) + " iterations, seed " +
        std::to_string(evaluation.seed) + ". Judges: pack " + evaluation.judges +
        (evaluation.judging == Judging::leave_one_out ? ", each on cloaks made without it" : "") +
        (evaluation.judging == Judging::white_box ? ", on cloaks made with these very recognisers"
                                                  : "") +
        ". Gallery: " + std::to_string(evaluation.gallery) + " people.\n\n";
    std::size_t ensembles = 8, judges = 5;
    for (const Outcome& outcome : evaluation.outcomes) {
        ensembles = std::max(ensembles, outcome.ensemble.size());
        for (const Verdict& verdict : outcome.verdicts)
            judges = std::max(judges, verdict.judge.size());
    }
    text += padded("ensemble", ensembles) +
            " strength people   DSSIM   LPIPS  chroma   PSNR   s/face   CPU s/face\n";
    for (const Outcome& outcome : evaluation.outcomes) text += quality_line(outcome, ensembles);
    text += "\nstrength  condition    " + padded("judge", judges) +
            "  rank-1  rank-5  rank-50  TAR@1e-3  cosine  no face\n";
    for (const MeanRates& mean : means_over_judges(evaluation)) {
        int lines = 0;
        for (const Outcome& outcome : evaluation.outcomes)
            for (const Verdict& verdict : outcome.verdicts) {
                if (outcome.strength != mean.strength || verdict.condition != mean.condition)
                    continue;
                text +=
                    rates_line(mean.strength, mean.condition, verdict.judge, judges, verdict.rates);
                ++lines;
            }
        if (lines > 1)
            text += rates_line(mean.strength, mean.condition, "mean", judges, mean.rates);
    }
    for (const std::string& note : evaluation.notes) text += "\nNote: " + note + "\n";
    return text;
}

std::string to_tsv(const Evaluation& evaluation) {
    std::string text =
        "ensemble\tstrength\tcondition\tjudge\tpeople\trank1\trank5\trank50\ttrue_accept\tcosine\t"
        "not_found\tdssim\tlpips\tchroma\tpsnr\tlinf\tseconds\tprocessor_seconds\n";
    for (const Outcome& outcome : evaluation.outcomes)
        for (const Verdict& verdict : outcome.verdicts) {
            const Rates& r = verdict.rates;
            const Quality& q = outcome.quality;
            text += outcome.ensemble + "\t" + std::to_string(outcome.strength) + "\t" +
                    std::string(name_of(verdict.condition)) + "\t" + verdict.judge + "\t" +
                    std::to_string(outcome.subjects.size()) +
                    formatted("\t%.5f\t%.5f\t%.5f\t%.5f\t%.5f\t%.4g", r.rank1, r.rank5, r.rank50,
                              r.true_accept, r.cosine, r.not_found) +
                    formatted("\t%.5f\t%.5f\t%.4f\t%.2f\t%.4f\t%.2f\t%.2f\n", q.dssim, q.lpips,
                              q.chroma, q.psnr, q.linf, outcome.seconds, outcome.processor_seconds);
        }
    return text;
}

std::string to_json(const Evaluation& evaluation) {
    json outcomes = json::array(), means = json::array();
    for (const Outcome& outcome : evaluation.outcomes) outcomes.push_back(encode(outcome));
    for (const MeanRates& mean : means_over_judges(evaluation))
        means.push_back({{"strength", mean.strength},
                         {"condition", name_of(mean.condition)},
                         {"rates", encode(mean.rates)}});
    const json all = {{"people", evaluation.people},
                      {"pack", evaluation.pack},
                      {"judges", evaluation.judges},
                      {"leave_one_out", evaluation.judging == Judging::leave_one_out},
                      {"white_box", evaluation.judging == Judging::white_box},
                      {"preset", evaluation.preset},
                      {"iterations", evaluation.iterations},
                      {"seed", evaluation.seed},
                      {"gallery", evaluation.gallery},
                      {"false_accept_rate", kFalseAcceptRate},
                      {"outcomes", std::move(outcomes)},
                      {"mean_over_judges", std::move(means)},
                      {"notes", evaluation.notes}};
    return all.dump(1, ' ', false, json::error_handler_t::replace);
}

}  // namespace lowkey::evaluate
