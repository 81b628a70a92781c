// Scrapes an endpoint as Prometheus does, and judges what it says by Prometheus' conventions.
#ifndef LATIMER_TESTS_UNIT_METRICS_SCRAPE_H_
#define LATIMER_TESTS_UNIT_METRICS_SCRAPE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace latimer::metrics {

// The body of GET `path`; empty where nobody answers with 200.
std::string Get(const std::string& address, const std::string& path = "/metrics");

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

struct Exposition {
  std::map<std::string, std::string> type;  // by family
  std::map<std::string, std::string> help;
  std::vector<Sample> samples;

  // The one sample with these labels, and maybe others; nullopt: none or several.
  std::optional<double> Value(const std::string& name, const std::map<std::string, std::string>& labels = {}) const;
  bool Has(const std::string& name) const;
};

// What cannot be read is a test failure.
Exposition Parse(const std::string& text);

// What breaks the conventions, one finding per line: prefix, base units, suffixes, help, label names, labels whose
// number is not bounded, series told twice.
std::vector<std::string> Lint(const Exposition& exposition);

}  // namespace latimer::metrics

#endif  // LATIMER_TESTS_UNIT_METRICS_SCRAPE_H_
