#!/bin/bash -eu
# Builds all targets into $OUT: called by OSS-Fuzz with CC, CFLAGS, LIB_FUZZING_ENGINE and OUT set.

root=$SRC/aioclient
here=$root/tools/oss_fuzz

# The targets of the C library, with and without SIMD.
for name in h1scan wsbytes; do
  for simd in "" _no_simd; do
    define=()
    [ -z "$simd" ] || define=(-DH1SCAN_NO_SIMD)
    $CC $CFLAGS -std=c99 "${define[@]}" -c "$root/vendor/h1scan/$name.c" -o "$name$simd.o"
    $CC $CFLAGS -std=c99 "${define[@]}" -c "$root/vendor/h1scan/fuzz/fuzz_$name.c" -o "fuzz_$name$simd.o"
    $CXX $CXXFLAGS $LIB_FUZZING_ENGINE "$name$simd.o" "fuzz_$name$simd.o" -o "$OUT/fuzz_$name$simd"
    cp "$root/vendor/h1scan/fuzz/$name.dict" "$OUT/fuzz_$name$simd.dict"
    python3 "$root/vendor/h1scan/check.py" --seeds "$WORK/seeds_$name" --library "$name"
    zip -q -j "$OUT/fuzz_$name${simd}_seed_corpus.zip" "$WORK/seeds_$name"/*
  done
done

# The targets of the package. Their seeds are written with plain twins, since instrumented ones load
# only where the fuzzer is.
python3 -m pip install "$root[brotli,zstd]" "setuptools>=77" "Cython>=3.1"
export PYTHONPATH=$root:$root/tools:$root/tests/support:$here
build_twins() { (cd "$root" && AIOCLIENT_BUILD_EXTENSIONS=yes python3 setup.py build_ext --inplace --force); }
CFLAGS="" build_twins
for target in "$here"/fuzz_*.py; do
  name=$(basename "$target" .py)
  python3 "$target" --seeds "$WORK/$name" >/dev/null
  zip -q -j "$OUT/${name}_seed_corpus.zip" "$WORK/$name"/*
done
build_twins
for target in "$here"/fuzz_*.py; do
  name=$(basename "$target" .py)
  compile_python_fuzzer "$target" \
    --paths "$root" --paths "$root/tools" --paths "$root/tests/support" --paths "$here" \
    --hidden-import preparing --hidden-import server_frames --hidden-import vectors \
    --collect-submodules aioclient --collect-data publicsuffixlist
  [ ! -f "$here/dictionaries/$name.dict" ] || cp "$here/dictionaries/$name.dict" "$OUT/$name.dict"
done
cp "$root/vendor/h1scan/fuzz/h1scan.dict" "$OUT/fuzz_response.dict"
cp "$root/vendor/h1scan/fuzz/wsbytes.dict" "$OUT/fuzz_websocket.dict"
