#include "core/evaluation/confusion.h"

#include <cmath>

namespace latimer {
namespace {

double F1Of(double tp, double fp, double fn) { return 2 * tp + fp + fn > 0 ? 2 * tp / (2 * tp + fp + fn) : 1; }

}  // namespace

void Confusion::Add(const Confusion& other) {
  tp += other.tp;
  fp += other.fp;
  fn += other.fn;
  tn += other.tn;
}

double Confusion::F1() const { return tp + fn > 0 ? F1Of(tp, fp, fn) : F1Of(tn, fn, fp); }

double Confusion::Mcc() const {
  const double product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn);
  if (product > 0) return (tp * tn - fp * fn) / std::sqrt(product);
  return Wrong() > 0 ? 0 : 1;
}

}  // namespace latimer
