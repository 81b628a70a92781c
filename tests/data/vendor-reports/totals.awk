# Number and seconds of what ran, per report, without Latimer's parsers. usage: awk -f totals.awk REPORT
# Layers for profiles, inferences' times for latency reports; a format per rule.
BEGIN { FS = "[;\t]" }
{ sub(/\r$/, "") }
FILENAME ~ /_cnt_rep\.csv$/ && $2 == "EXECUTED" { n++; s += $5 / 1e3 }
FILENAME ~ /\.profile\.json$/ && match($0, /"averageMs" : [0-9.e+-]+/) { n++; s += substr($0, RSTART + 14, RLENGTH - 14) / 1e3 }
FILENAME ~ /\.graph\.json$/ && /"LayerType":/ { n++ }
FILENAME ~ /\.layerinfo\.json$/ && /^({"Layers": \[|,)"/ && !bound { n++ } /"Bindings"/ { bound = 1 }
FILENAME ~ /\.timing\.json$/ && match($0, /"computeMs" : [0-9.e+-]+/) { n++; s += substr($0, RSTART + 14, RLENGTH - 14) / 1e3 }
FILENAME ~ /\.trtexec\.log$/ && /GPU Compute Time: min/ { n++; sub(/.*median = /, ""); s += $0 / 1e3 }
FILENAME ~ /dnndk_profile\.log$/ && /%/ && !/ All / { k = split($0, f, / +/); if (f[k] ~ /^[0-9.]+$/) { n++; s += f[k - 3] / 1e3 } }
FILENAME ~ /op_profile\.log$/ && /Operator-wise/ { on = 1 } /=== Top by/ { on = 0 }
on && /node type/ { for (i = 1; i <= NF; i++) if ($i ~ /avg ms/) c = i }
on && c && $c ~ /^ *[0-9]/ { n++; s += $c / 1e3 }
FILENAME ~ /benchmark_model\.log$/ && match($0, /Inference \(avg\): [0-9.e+-]+/) { n++; s += substr($0, RSTART + 17, RLENGTH - 17) / 1e6 }
FILENAME ~ /deephi/ && match($0, /(XRT_RUN|CPU_OP_EXEC) : [0-9]+/) { n++; sub(/.* : /, ""); s += $0 / 1e6 }
FILENAME ~ /vart_fps/ && match($0, /time=[0-9.]+/) { n++; s += substr($0, RSTART + 5, RLENGTH - 5) }
END { printf "%d\t%.9g\n", n, s }
