// The forms in which exporters write activations, and near misses that must stay as they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "simplify_graph.h"

namespace latimer {
namespace {

using ::testing::ElementsAre;

using T = LayerType;

// One way of writing an activation: adds layers over the tensor to the graph, returns the result.
using Form = std::function<TensorId(Graph&, TensorId)>;

struct Case {
  const char* name;
  T type;  // what the form is joined to
  Form form;
};

TensorId HardGate(Graph& g, TensorId x, double shift, T divide, double by) {
  return g.WithScalar(divide, g.Add(T::kRelu6, {g.WithScalar(T::kAdd, x, shift)}), by);
}

TensorId ErfCore(Graph& g, TensorId x, double scale = 1.41421356, double one = 1) {
  return g.WithScalar(T::kAdd, g.Add(T::kErf, {g.WithScalar(T::kDiv, x, scale)}), one);
}

TensorId Cube(Graph& g, TensorId x) { return g.WithScalar(T::kPow, x, 3); }

TensorId TanhCore(Graph& g, TensorId x, const Form& cube = Cube, double cubic = 0.044715, double scale = 0.79788456) {
  const TensorId sum = g.Add(T::kAdd, {x, g.WithScalar(T::kMul, cube(g, x), cubic)});
  return g.WithScalar(T::kAdd, g.Add(T::kTanh, {g.WithScalar(T::kMul, sum, scale)}), 1);
}

TensorId Half(Graph& g, TensorId x, double half = 0.5) { return g.WithScalar(T::kMul, x, half); }

TensorId Product(Graph& g, TensorId a, TensorId b) { return g.Add(T::kMul, {a, b}); }

const Case kForms[] = {
    {"x*sigmoid(x)", T::kSilu, [](Graph& g, TensorId x) { return Product(g, x, g.Add(T::kSigmoid, {x})); }},
    {"sigmoid(x)*x", T::kSilu, [](Graph& g, TensorId x) { return Product(g, g.Add(T::kSigmoid, {x}), x); }},
    {"x*hardsigmoid(x)", T::kHardSwish,
     [](Graph& g, TensorId x) { return Product(g, x, g.Add(T::kHardSigmoid, {x})); }},
    {"x*(relu6(x+3)/6)", T::kHardSwish,
     [](Graph& g, TensorId x) { return Product(g, x, HardGate(g, x, 3, T::kDiv, 6)); }},
    {"x*(relu6(x+3)*0.1667)", T::kHardSwish,
     [](Graph& g, TensorId x) { return Product(g, HardGate(g, x, 3, T::kMul, 1.0 / 6), x); }},
    {"(x*relu6(x+3))/6", T::kHardSwish,
     [](Graph& g, TensorId x) {
       return g.WithScalar(T::kDiv, Product(g, x, g.Add(T::kRelu6, {g.WithScalar(T::kAdd, x, 3)})), 6);
     }},
    {"x*tanh(softplus(x))", T::kMish,
     [](Graph& g, TensorId x) { return Product(g, x, g.Add(T::kTanh, {g.Add(T::kSoftplus, {x})})); }},
    {"(x*(1+erf))*0.5", T::kGelu, [](Graph& g, TensorId x) { return Half(g, Product(g, x, ErfCore(g, x))); }},
    {"x*(0.5*(1+erf))", T::kGelu, [](Graph& g, TensorId x) { return Product(g, x, Half(g, ErfCore(g, x))); }},
    {"(0.5*x)*(1+erf)", T::kGelu, [](Graph& g, TensorId x) { return Product(g, Half(g, x), ErfCore(g, x)); }},
    {"erf of x*0.7071", T::kGelu,
     [](Graph& g, TensorId x) {
       const TensorId erf = g.Add(T::kErf, {g.WithScalar(T::kMul, x, 0.70710678)});
       return Half(g, Product(g, g.WithScalar(T::kAdd, erf, 1), x));
     }},
    {"x*(0.5*(1+tanh)), x^3 a power", T::kGelu,
     [](Graph& g, TensorId x) { return Product(g, x, Half(g, TanhCore(g, x))); }},
    {"(0.5*x)*(1+tanh), x^3 products", T::kGelu,
     [](Graph& g, TensorId x) {
       const TensorId core = TanhCore(g, x, [](Graph& h, TensorId y) { return Product(h, Product(h, y, y), y); });
       return Product(g, Half(g, x), core);
     }},
    {"relu6(x+3)/6", T::kHardSigmoid, [](Graph& g, TensorId x) { return HardGate(g, x, 3, T::kDiv, 6); }},
    {"relu6(x+3)*0.1667", T::kHardSigmoid, [](Graph& g, TensorId x) { return HardGate(g, x, 3, T::kMul, 0.16666667); }},
};

const Case kNearMisses[] = {
    {"x*sigmoid(y)", T::kSilu,
     [](Graph& g, TensorId x) { return Product(g, x, g.Add(T::kSigmoid, {g.Add(T::kExp, {x})})); }},
    {"x+sigmoid(x)", T::kSilu,
     [](Graph& g, TensorId x) {
       return g.Add(T::kAdd, {x, g.Add(T::kSigmoid, {x})});
     }},
    {"x*tanh(x)", T::kMish, [](Graph& g, TensorId x) { return Product(g, x, g.Add(T::kTanh, {x})); }},
    {"x*softplus(tanh(x))", T::kMish,
     [](Graph& g, TensorId x) { return Product(g, x, g.Add(T::kSoftplus, {g.Add(T::kTanh, {x})})); }},
    {"x*(relu6(x+2)/6)", T::kHardSwish,
     [](Graph& g, TensorId x) { return Product(g, x, HardGate(g, x, 2, T::kDiv, 6)); }},
    {"x*(relu6(x+3)/5)", T::kHardSwish,
     [](Graph& g, TensorId x) { return Product(g, x, HardGate(g, x, 3, T::kDiv, 5)); }},
    {"x*(relu6(x+3)*6)", T::kHardSwish,
     [](Graph& g, TensorId x) { return Product(g, x, HardGate(g, x, 3, T::kMul, 6)); }},
    {"(x*relu6(y+3))/6", T::kHardSwish,
     [](Graph& g, TensorId x) {
       const TensorId y = g.Add(T::kExp, {x});
       return g.WithScalar(T::kDiv, Product(g, x, g.Add(T::kRelu6, {g.WithScalar(T::kAdd, y, 3)})), 6);
     }},
    {"relu6(x+4)/6", T::kHardSigmoid, [](Graph& g, TensorId x) { return HardGate(g, x, 4, T::kDiv, 6); }},
    {"(x*(1+erf))*0.25", T::kGelu, [](Graph& g, TensorId x) { return Half(g, Product(g, x, ErfCore(g, x)), 0.25); }},
    {"(x*(1+erf(x/2)))*0.5", T::kGelu, [](Graph& g, TensorId x) { return Half(g, Product(g, x, ErfCore(g, x, 2))); }},
    {"(x*(2+erf))*0.5", T::kGelu,
     [](Graph& g, TensorId x) { return Half(g, Product(g, x, ErfCore(g, x, 1.41421356, 2))); }},
    {"x*(1+erf)", T::kGelu, [](Graph& g, TensorId x) { return Product(g, x, ErfCore(g, x)); }},
    {"(0.5*y)*(1+erf(x))", T::kGelu,
     [](Graph& g, TensorId x) { return Product(g, Half(g, g.Add(T::kExp, {x})), ErfCore(g, x)); }},
    {"tanh with another cubic term", T::kGelu,
     [](Graph& g, TensorId x) { return Product(g, x, Half(g, TanhCore(g, x, Cube, 0.05))); }},
    {"tanh with another scale", T::kGelu,
     [](Graph& g, TensorId x) { return Product(g, x, Half(g, TanhCore(g, x, Cube, 0.044715, 0.9))); }},
    {"tanh with a square", T::kGelu,
     [](Graph& g, TensorId x) {
       return Product(g, x, Half(g, TanhCore(g, x, [](Graph& h, TensorId y) { return h.WithScalar(T::kPow, y, 2); })));
     }},
    {"tanh with x^4 as products", T::kGelu,
     [](Graph& g, TensorId x) {
       auto fourth = [](Graph& h, TensorId y) { return Product(h, Product(h, y, y), Product(h, y, y)); };
       return Product(g, x, Half(g, TanhCore(g, x, fourth)));
     }},
};

TEST(JoinActivations, EveryFormBecomesOneLayer) {
  for (const Case& form : kForms) {
    SCOPED_TRACE(form.name);
    Graph graph;
    const TensorId x = graph.Add(T::kMaxPool, {graph.Input({1, 4, 8, 8})},
                                 PoolAttributes{{2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, false});
    graph.Add(T::kTranspose, {form.form(graph, x)}, TransposeAttributes{{0, 2, 3, 1}});
    const Network network = SimplifyChecked(graph.Done());
    ASSERT_THAT(Types(network), ElementsAre(T::kMaxPool, form.type, T::kTranspose));
    EXPECT_THAT(network.layers[1].inputs, ElementsAre(x));
    EXPECT_TRUE(network.layers[1].constants.empty());
    // The pool, the transposition, and everything between them in one layer.
    EXPECT_EQ(network.layers[1].nodes.size(), AllNodes(network).size() - 2);
  }
}

TEST(JoinActivations, AfterAConvolutionToo) {
  for (const Case& form : kForms) {
    SCOPED_TRACE(form.name);
    Graph graph;
    form.form(graph, graph.Conv(graph.Input({1, 3, 8, 8}), 3, 4, true));
    EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(T::kConv, form.type));
  }
}

TEST(JoinActivations, NearMissesStay) {
  for (const Case& form : kNearMisses) {
    SCOPED_TRACE(form.name);
    Graph graph;
    form.form(graph, graph.Input({1, 4, 8, 8}));
    Network network = graph.Done();
    const std::vector<T> before = Types(network);
    const Network after = SimplifyChecked(std::move(network));
    EXPECT_EQ(Types(after), before);
  }
}

// Each inner value in turn is also an output of the network: then it has to be computed, and the form cannot be joined
// as a whole.
TEST(JoinActivations, FormsWhoseInnerValuesAreNeededAreNotJoinedWhole) {
  for (const Case& form : kForms) {
    SCOPED_TRACE(form.name);
    Graph counted;
    const TensorId last = form.form(counted, counted.Input({1, 4, 8, 8}));
    for (TensorId inner = 1; inner < last; ++inner) {
      SCOPED_TRACE(inner);
      Graph graph;
      form.form(graph, graph.Input({1, 4, 8, 8}));
      const Network network = SimplifyChecked(graph.Done({inner}));
      EXPECT_GT(network.layers.size(), 1u);
      for (const Layer& layer : network.layers) EXPECT_LT(layer.nodes.size(), AllNodes(network).size());
      EXPECT_EQ(network.outputs.size(), 2u);
    }
  }
}

TEST(JoinActivations, AConstantThatAddsADimensionKeepsTheForm) {
  Graph graph;
  const TensorId x = graph.Input({4, 8});
  const TensorId gate = graph.Add(T::kRelu6, {graph.WithScalar(T::kAdd, x, 3, {1, 1, 1})});
  graph.WithScalar(T::kDiv, gate, 6);
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(T::kAdd, T::kRelu6, T::kDiv));
}

TEST(JoinActivations, OneInputMayFeedSeveral) {
  Graph graph;
  const TensorId x = graph.Input({1, 4, 8, 8});
  const TensorId silu = Product(graph, x, graph.Add(T::kSigmoid, {x}));
  const TensorId swish = Product(graph, x, HardGate(graph, x, 3, T::kDiv, 6));
  graph.Add(T::kAdd, {silu, swish});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(T::kSilu, T::kHardSwish, T::kAdd));
}

}  // namespace
}  // namespace latimer
