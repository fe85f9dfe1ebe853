// The parts of reading a layer file. Private to this room.
#pragma once

#include <utility>

#include "kernel/policy/build.h"
#include "kernel/policy/layer.h"

namespace pawl {

// `policy` takes what a layer says in the words of a role: ceilings, freezes, contacts, secrets.
struct LayerBuild : Build {
  LayerBuild(Reading read, Policy& into, const LoadSources& from, Layer& own)
      : Build(std::move(read), into, from), layer(own) {}

  Layer& layer;
  bool alone = false;  // no role is read with it
};

// load_require.cpp: `require` and `except`. The layer's name is known.
void read_requirements(LayerBuild& build, Layer& into, const yaml::Entry& key);
void read_exceptions(LayerBuild& build, Layer& into, const yaml::Entry& key);

}  // namespace pawl
