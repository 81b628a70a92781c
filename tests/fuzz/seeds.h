// Inputs written by hand: small networks with every kind of operator, and hostile ones.
#ifndef LATIMER_TESTS_FUZZ_SEEDS_H_
#define LATIMER_TESTS_FUZZ_SEEDS_H_

#include <map>
#include <string>

namespace latimer::fuzz {

// File name -> contents.
using Seeds = std::map<std::string, std::string>;

Seeds OnnxSeeds();
Seeds AnnetteSeeds();
Seeds NetworkSeeds();
Seeds ReportSeeds();

}  // namespace latimer::fuzz

#endif  // LATIMER_TESTS_FUZZ_SEEDS_H_
