# Counts the distinct tests of several runs: awk -f .ci/count.awk artifacts/tests/*/*.trx
#
# A test is known by class and name; one that ran more than once has its worst result, and one that was left out here
# and passed there has passed. Failed and skipped tests are listed, and the last line is `N passed, N failed, N skipped`.
# The trx format puts the outcomes (by test id) before the definitions (id, class, name), and ids differ from run to run.

BEGIN { RS = "<"; Passed = 1; Skipped = 0; Failed = 2 }

/^UnitTestResult / {
    outcome = attribute("outcome")
    rank = outcome == "Passed" ? Passed : outcome == "NotExecuted" || outcome == "Inconclusive" ? Skipped : Failed
    id = attribute("testId")
    if (!(id in outcomes) || rank > outcomes[id]) outcomes[id] = rank
}

/^UnitTest / { id = attribute("id") }

/^TestMethod / {
    if (id in outcomes) {
        test = attribute("className") "." attribute("name")
        if (!(test in results) || outcomes[id] > results[test]) results[test] = outcomes[id]
    }
}

# What NUnit itself writes: the tests under Wine.
/^test-case / {
    outcome = attribute("result")
    rank = outcome == "Passed" ? Passed : outcome == "Failed" ? Failed : Skipped
    test = attribute("fullname")
    if (!(test in results) || rank > results[test]) results[test] = rank
}

/^\/TestRun>/ { split("", outcomes) }

END {
    for (test in results) {
        ++count[results[test]]
        if (results[test] == Failed) print "failed: " text(test) | "sort"
        if (results[test] == Skipped) print "skipped: " text(test) | "sort"
    }
    close("sort")
    printf "%d passed, %d failed, %d skipped\n", count[Passed], count[Failed], count[Skipped]
}

# The value of an attribute of the element in $0, as it stands in the file.
function attribute(name,    start) {
    start = index($0, " " name "=\"")
    if (start == 0) return ""
    rest = substr($0, start + length(name) + 3)
    return substr(rest, 1, index(rest, "\"") - 1)
}

function text(escaped) {
    gsub(/&quot;/, "\"", escaped); gsub(/&lt;/, "<", escaped); gsub(/&gt;/, ">", escaped); gsub(/&amp;/, "\\&", escaped)
    return escaped
}
