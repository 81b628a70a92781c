#include "cli/terminal/progress.h"

#include "absl/strings/str_cat.h"
#include "cli/terminal/text_width.h"

namespace latimer::cli {

void Progress::Step(absl::string_view name) {
  ++done_;
  if (!enabled_) return;
  Clear();
  const std::string line = absl::StrCat("[", done_, "/", steps_, "] ", Printable(name, terminal_.ascii));
  output_->Write(ShortenMiddle(line, terminal_.width - 1, terminal_.ascii));
  (void)output_->Flush();  // a lost progress line is no error
  shown_ = true;
}

void Progress::Clear() {
  if (!shown_) return;
  output_->Write("\r\x1b[K");
  (void)output_->Flush();
  shown_ = false;
}

}  // namespace latimer::cli
