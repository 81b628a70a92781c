// How well decisions between two classes agree with what was observed.
#ifndef LATIMER_CORE_EVALUATION_CONFUSION_H_
#define LATIMER_CORE_EVALUATION_CONFUSION_H_

namespace latimer {

// Counts of decisions: predicted and observed, predicted only, observed only, neither.
struct Confusion {
  double tp = 0, fp = 0, fn = 0, tn = 0;

  void Add(bool predicted, bool observed) { (predicted ? observed ? tp : fp : observed ? fn : tn) += 1; }
  void Add(const Confusion& other);

  double All() const { return tp + fp + fn + tn; }
  double Wrong() const { return fp + fn; }
  // Of the observed class; of the other one where it is never observed.
  double F1() const;
  // Matthews correlation coefficient, -1 to 1; 1 where only one class occurs and is predicted, 0 where either side
  // knows one class only.
  double Mcc() const;
};

}  // namespace latimer

#endif  // LATIMER_CORE_EVALUATION_CONFUSION_H_
