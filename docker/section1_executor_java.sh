#!/bin/sh
# The java that a Spark worker starts its executors with: Spark asks for a module that the packaged Java has not, for an
# arithmetic that this job does not use. section1/cluster.py names the real one.
for argument; do
    shift
    [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec "$EXECUTOR_JAVA" "$@"
