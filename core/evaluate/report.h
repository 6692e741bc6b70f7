// An evaluation as a table for people, as TSV and as JSON.
#pragma once

#include <string>

#include "evaluate/evaluate.h"

namespace lowkey::evaluate {

// Mean over the judges for every strength and condition, in the order in which they stand there.
struct MeanRates {
    int strength = 0;
    Condition condition = Condition::clean;
    Rates rates;
};
std::vector<MeanRates> means_over_judges(const Evaluation& evaluation);

std::string to_table(const Evaluation& evaluation);  // several lines
// One line for each ensemble, strength, condition and judge, after a line of column names.
std::string to_tsv(const Evaluation& evaluation);
// Everything, each person's rank and cosine included.
std::string to_json(const Evaluation& evaluation);

}  // namespace lowkey::evaluate
