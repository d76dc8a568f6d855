#!/bin/sh
# Tells of every record in pipeline's log, and answers that it is handled.
while IFS= read -r line; do
  id=${line#*'"id":'}
  id=${id%%,*}
  echo "got $line" >&2
  echo "{\"id\":$id}"
done
