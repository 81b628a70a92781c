// Just enough of an XML parser to tell whether a document is well-formed, and to look at it.
#ifndef LATIMER_TESTS_UNIT_CLI_XML_READER_H_
#define LATIMER_TESTS_UNIT_CLI_XML_READER_H_

#include <cctype>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace latimer::cli {

class XmlReader {
 public:
  struct Tag {
    std::string name;
    std::map<std::string, std::string> attributes;  // as written
  };

  explicit XmlReader(absl::string_view text) : text_(text) { Read(); }

  const std::string& error() const { return error_; }  // empty: well-formed
  const std::vector<Tag>& tags() const { return tags_; }
  int Count(const std::string& name, const std::string& css_class = "") const {
    int count = 0;
    for (const Tag& tag : tags_) {
      const auto found = tag.attributes.find("class");
      count += tag.name == name && (css_class.empty() || (found != tag.attributes.end() && found->second == css_class));
    }
    return count;
  }

 private:
  void Fail(const std::string& why) {
    if (error_.empty()) error_ = absl::StrCat(why, " at ", at_, ": ", text_.substr(at_, 60));
  }
  bool Skip(absl::string_view word) {
    if (!absl::StartsWith(text_.substr(at_), word)) return false;
    at_ += word.size();
    return true;
  }
  void SkipSpace() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  std::string Name() {
    const size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '-' || text_[at_] == ':')) {
      ++at_;
    }
    if (at_ == start) Fail("no name");
    return std::string(text_.substr(start, at_ - start));
  }
  // Text up to `end`, checked for what has to be escaped.
  std::string TextUntil(char end) {
    const size_t start = at_;
    for (; at_ < text_.size() && text_[at_] != end && error_.empty(); ++at_) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c < 0x20 && c != '\n' && c != '\t') Fail("a control character");
      if (c == '<') Fail("a bare <");
      if (c != '&') continue;
      bool known = false;
      for (const char* reference : {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"}) {
        known |= absl::StartsWith(text_.substr(at_), reference);
      }
      if (!known) Fail("a bare &");
    }
    return std::string(text_.substr(start, at_ - start));
  }
  void Read() {
    Skip("<!DOCTYPE html>");
    SkipSpace();
    std::vector<std::string> open;
    do {
      if (!Skip("<")) {
        TextUntil('<');
        if (at_ == text_.size()) Fail("an element that is not closed");
        continue;
      }
      if (Skip("/")) {
        const std::string name = Name();
        if (open.empty() || open.back() != name) Fail("the wrong element is closed");
        if (!open.empty()) open.pop_back();
        if (!Skip(">")) Fail("no >");
        continue;
      }
      Tag tag{Name(), {}};
      while (error_.empty()) {
        SkipSpace();
        if (Skip("/>")) break;
        if (Skip(">")) {
          open.push_back(tag.name);
          break;
        }
        const std::string key = Name();
        if (!Skip("=\"")) Fail("no value");
        const std::string value = TextUntil('"');
        if (!Skip("\"")) Fail("a value without end");
        if (!tag.attributes.emplace(key, value).second) Fail("an attribute twice");
      }
      tags_.push_back(std::move(tag));
    } while (error_.empty() && !open.empty());
    SkipSpace();
    if (error_.empty() && at_ != text_.size()) Fail("more than one document");
  }

  const absl::string_view text_;
  size_t at_ = 0;
  std::string error_;
  std::vector<Tag> tags_;
};

}  // namespace latimer::cli

#endif  // LATIMER_TESTS_UNIT_CLI_XML_READER_H_
