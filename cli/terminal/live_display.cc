#include "cli/terminal/live_display.h"

#include "absl/strings/str_cat.h"

namespace latimer::cli {

std::string LiveDisplay::Erase() const {
  if (shown_.empty()) return "";
  return absl::StrCat("\r\x1b[", shown_.size(), "A\x1b[J");
}

void LiveDisplay::Show(const std::vector<std::string>& lines) {
  if (lines == shown_) return;
  std::string text = Erase();
  for (const std::string& line : lines) absl::StrAppend(&text, line, "\n");
  shown_ = lines;
  output_->Write(text);
  (void)output_->Flush();  // a lost progress line is no error
}

void LiveDisplay::Clear() {
  if (shown_.empty()) return;
  output_->Write(Erase());
  (void)output_->Flush();
  shown_.clear();
}

}  // namespace latimer::cli
