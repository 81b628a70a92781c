#include "tests/unit/metrics/scrape.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <regex>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace latimer::metrics {
namespace {

// "name{label="value",…} 12.5"
bool ParseSample(const std::string& line, Sample* sample) {
  static const std::regex* const form = new std::regex(R"re(([a-zA-Z_:][\w:]*)(\{(.*)\})? (\S+))re");
  static const std::regex* const label = new std::regex(R"re((\w+)="((?:[^"\\]|\\.)*)",?)re");
  std::smatch match;
  if (!std::regex_match(line, match, *form)) return false;
  sample->name = match[1];
  const std::string labels = match[3];
  size_t covered = 0;
  for (std::sregex_iterator at(labels.begin(), labels.end(), *label), end; at != end; ++at) {
    sample->labels[(*at)[1]] = (*at)[2];
    covered += static_cast<size_t>(at->length());
  }
  const std::string value = match[4];
  if (value == "Nan" || value == "NaN") {
    sample->value = std::nan("");
    return covered == labels.size();
  }
  return covered == labels.size() && absl::SimpleAtod(value == "+Inf" ? "inf" : value, &sample->value);
}

// The family a sample belongs to.
std::string FamilyOf(const Exposition& exposition, const std::string& name) {
  for (const char* suffix : {"_bucket", "_sum", "_count"}) {
    if (!absl::EndsWith(name, suffix)) continue;
    const std::string family = name.substr(0, name.size() - std::string(suffix).size());
    const auto type = exposition.type.find(family);
    if (type != exposition.type.end() && (type->second == "histogram" || type->second == "summary")) {
      return family;
    };
  }
  return name;
}

bool EndsWithOneOf(const std::string& name, const std::vector<const char*>& suffixes) {
  for (const char* suffix : suffixes) {
    if (absl::EndsWith(name, suffix)) return true;
  }
  return false;
}

}  // namespace

std::string Get(const std::string& address, const std::string& path) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port)) return "";
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string answer;
  if (connect(connection, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) {
    const std::string request =
        absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: ", address, "\r\nConnection: close\r\n\r\n");
    if (send(connection, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
      char buffer[4096];
      for (ssize_t got; (got = recv(connection, buffer, sizeof(buffer), 0)) > 0;) {
        answer.append(buffer, static_cast<size_t>(got));
      }
    }
  }
  close(connection);
  const size_t body = answer.find("\r\n\r\n");
  if (!absl::StartsWith(answer, "HTTP/1.1 200") || body == std::string::npos) return "";
  return answer.substr(body + 4);
}

std::optional<double> Exposition::Value(const std::string& name,
                                        const std::map<std::string, std::string>& labels) const {
  std::optional<double> value;
  for (const Sample& sample : samples) {
    if (sample.name != name) continue;
    bool fits = true;
    for (const auto& [label, wanted] : labels) {
      const auto found = sample.labels.find(label);
      fits = fits && found != sample.labels.end() && found->second == wanted;
    }
    if (!fits) continue;
    if (value.has_value()) return std::nullopt;
    value = sample.value;
  }
  return value;
}

bool Exposition::Has(const std::string& name) const {
  for (const Sample& sample : samples) {
    if (sample.name == name) return true;
  }
  return false;
}

Exposition Parse(const std::string& text) {
  Exposition exposition;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 3));
    if (words[0] == "#") {
      if (words.size() < 4) {
        ADD_FAILURE() << "comment without text: " << line;
        continue;
      }
      auto& facts = words[1] == "TYPE" ? exposition.type : exposition.help;
      EXPECT_TRUE(facts.emplace(words[2], words[3]).second) << "said twice: " << line;
      continue;
    }
    Sample& sample = exposition.samples.emplace_back();
    if (!ParseSample(std::string(line), &sample)) ADD_FAILURE() << "cannot be read: " << line;
  }
  return exposition;
}

std::vector<std::string> Lint(const Exposition& exposition) {
  std::vector<std::string> findings;
  for (const auto& [name, type] : exposition.type) {
    auto bad = [&, family = name](const std::string& what) { findings.push_back(absl::StrCat(family, ": ", what)); };
    if (!absl::StartsWith(name, "latimer_") && !absl::StartsWith(name, "process_") &&
        !absl::StartsWith(name, "exposer_")) {
      bad("has no prefix of ours");
    }
    if (!std::regex_match(name, std::regex("[a-z][a-z0-9_]*")) || absl::StrContains(name, "__"))
      bad("is no snake_case");
    const auto help = exposition.help.find(name);
    if (help == exposition.help.end() || help->second.empty()) {
      bad("has no help");
    } else if (help->second.back() == '.') {
      bad("its help ends with a full stop");
    }
    if (absl::StartsWith(name, "exposer_")) continue;  // the library's own
    if ((type == "counter") != absl::EndsWith(name, "_total")) bad(absl::StrCat("is a ", type));
    if (EndsWithOneOf(name, {"_count", "_sum", "_bucket"})) bad("takes the suffix of a histogram");
    for (const absl::string_view word : absl::StrSplit(name, '_')) {
      for (const char* unit : {"ms", "us", "ns", "milliseconds", "microseconds", "minutes", "hours", "mb", "kb", "mib",
                               "kilobytes", "megabytes", "percent", "mhz", "megahertz", "fahrenheit"}) {
        if (word == unit) bad(absl::StrCat("'", unit, "' is no base unit"));
      }
    }
    if (type == "histogram" && !EndsWithOneOf(name, {"_seconds", "_bytes", "_ratio"})) bad("does not say its unit");
  }
  // Platforms, agents, calls, layer types: all of bounded number.
  const std::set<std::string> allowed = {"agent",      "backend",   "board",      "cache",    "code",   "compiler",
                                         "component",  "intervals", "layer_type", "le",       "method", "missing",
                                         "model_kind", "outcome",   "platform",   "position", "reason", "requested_by",
                                         "service",    "set",       "simulated",  "source",   "state",  "version"};
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen;
  for (const Sample& sample : exposition.samples) {
    const std::string family = FamilyOf(exposition, sample.name);
    if (exposition.type.count(family) == 0) findings.push_back(absl::StrCat(sample.name, ": has no type"));
    if (!seen.emplace(sample.name, sample.labels).second) {
      findings.push_back(absl::StrCat(sample.name, ": a series is told twice"));
    }
    if (!absl::StartsWith(family, "latimer_")) continue;
    if (std::isnan(sample.value)) findings.push_back(absl::StrCat(sample.name, ": is not a number"));
    for (const auto& [label, value] : sample.labels) {
      if (allowed.count(label) == 0) findings.push_back(absl::StrCat(sample.name, ": label ", label, " is not known"));
      if (value.empty()) findings.push_back(absl::StrCat(sample.name, ": label ", label, " is empty"));
    }
  }
  return findings;
}

}  // namespace latimer::metrics
